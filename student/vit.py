"""A Vision Transformer from scratch: the five pieces, in the order the handout builds them.

    image -> patches -> tokens -> + class token, + positions -> encoder blocks -> logits
             q1                    q2                           q3, q4            q5

Letters in the shapes: B images in a batch, C channels, H x W pixels, N tokens, d numbers a token.
"""

import math

import torch
from torch import Tensor, nn


def patchify(images: Tensor, n_patches: int) -> Tensor:
    """Cut every image into a grid of patches and flatten each patch.  (q1)

    Shapes
        images   (B, C, H, W)
        returns  (B, n_patches**2, C * H/n_patches * W/n_patches)

    Order
        Patches run as you read a page: left to right, then top to bottom.
        Inside a patch the pixels run by channel, then row, then column.

    Keeps
        dtype, device and gradient of the images; the images themselves are not changed.

    Raises
        ValueError  if H or W does not divide by n_patches.

    >>> images = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> patchify(images, 2)[0, 1]        # the top right patch
    tensor([2., 3., 6., 7.])
    """
    raise NotImplementedError("TODO q1")


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    """Make the table of sinusoidal positions, one row a token.  (q2)

    Shapes
        returns  (sequence_length, d), float32, with no batch axis in front

    Values (Vaswani et al. 2017, section 3.5)
        PE[p, 2i]     = sin(p / 10000**(2i/d))
        PE[p, 2i + 1] = cos(p / 10000**(2i/d))
        The pair (2i, 2i + 1) shares one angle. An odd d ends with a sine column.

    >>> get_positional_embeddings(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    raise NotImplementedError("TODO q2")


class MyMSA(nn.Module):
    """Multi-head self-attention: every token gathers from all tokens.  (q3)

    Shapes
        sequences  (B, N, d)
        returns    (B, N, d)

    Parts
        q, k and v come from three distinct learned linear maps, cut into n_heads heads of
        d_head = d / n_heads features each. In every head (Vaswani et al. 2017, section 3.2.1)

            softmax(q @ k^T / sqrt(d_head), over the keys) @ v

        The heads are put side by side again. A learned output map at the end is optional.
        It computes what nn.MultiheadAttention computes with the same weights; using that class,
        or torch's ready-made attention functions, is not the exercise.

    Raises
        ValueError  (in __init__) if d does not divide by n_heads.

    >>> MyMSA(d=8, n_heads=2)(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        raise NotImplementedError("TODO q3")

    def forward(self, sequences: Tensor) -> Tensor:
        raise NotImplementedError("TODO q3")


class MyViTBlock(nn.Module):
    """One encoder block, norms first (Dosovitskiy et al. 2020, section 3.1).  (q4)

    Shapes
        x        (B, N, hidden_d)
        returns  (B, N, hidden_d)

    Parts, in this order
        x = x + msa(norm1(x))
        x = x + mlp(norm2(x))
        norm1 and norm2 are two nn.LayerNorm(hidden_d); msa is your MyMSA(hidden_d, n_heads);
        mlp is Linear, GELU, Linear, with mlp_ratio * hidden_d features in the middle.

    >>> MyViTBlock(hidden_d=8, n_heads=2)(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        raise NotImplementedError("TODO q4")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO q4")


class LightViT(nn.Module):
    """A small Vision Transformer that classifies images.  (q5)

    Shapes
        images   (B, C, H, W)
        returns  (B, num_classes): raw logits, no softmax

    Arguments
        image_dim  the images' shape (B, C, H, W); its B is ignored, any batch size works.

    Parts, in this order
        1. patchify, then one linear map takes every patch to d numbers: n_patches**2 tokens;
        2. one learned class token goes in front of them, the same for every image;
        3. the fixed table get_positional_embeddings(n_patches**2 + 1, d) is added. It is never
           trained, and it follows the model to another device or dtype;
        4. n_blocks different blocks, MyViTBlock(d, n_heads), one after the other;
        5. a linear classifier reads the class token. A LayerNorm before it is fine.

    >>> LightViT((1, 1, 28, 28))(torch.randn(3, 1, 28, 28)).shape
    torch.Size([3, 10])
    """

    def __init__(
        self,
        image_dim: tuple[int, int, int, int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        raise NotImplementedError("TODO q5")

    def forward(self, images: Tensor) -> Tensor:
        raise NotImplementedError("TODO q5")
