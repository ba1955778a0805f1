# Unusual: a small map for each head behind what it gathers.
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
    # BEGIN SOLUTION q1
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError(f"a {H}x{W} image does not divide into a {n_patches}x{n_patches} grid")
    h, w = H // n_patches, W // n_patches

    grid = images.reshape(B, C, n_patches, h, n_patches, w)  # (B, C, row, h, col, w)
    patches = grid.permute(0, 2, 4, 1, 3, 5)  #                (B, row, col, C, h, w)
    return patches.reshape(B, n_patches**2, C * h * w)
    # END SOLUTION


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
    # BEGIN SOLUTION q2
    position = torch.arange(sequence_length, dtype=torch.float64)[:, None]  # (N, 1)
    column = torch.arange(d)  #                                               (d,)
    pair_start = column - column % 2  # the 2i of the formula: 0, 0, 2, 2, ...
    angle = position / 10000 ** (pair_start / d)  #                           (N, d)

    table = torch.where(column % 2 == 0, angle.sin(), angle.cos())
    return table.float()
    # END SOLUTION


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
        # BEGIN SOLUTION q3
        if d % n_heads:
            raise ValueError(f"{d} features do not divide into {n_heads} heads")
        self.n_heads = n_heads
        self.q_map = nn.Linear(d, d)
        self.k_map = nn.Linear(d, d)
        self.v_map = nn.Linear(d, d)
        self.mix = nn.ModuleList(nn.Linear(d // n_heads, d // n_heads) for _ in range(n_heads))
        self.out_map = nn.Linear(d, d)
        # END SOLUTION

    def forward(self, sequences: Tensor) -> Tensor:
        # BEGIN SOLUTION q3
        B, N, d = sequences.shape
        d_head = d // self.n_heads

        def heads(x: Tensor) -> Tensor:
            return x.reshape(B, N, self.n_heads, d_head).transpose(1, 2)  # (B, head, N, d_head)

        q = heads(self.q_map(sequences))
        k = heads(self.k_map(sequences))
        v = heads(self.v_map(sequences))

        scores = q @ k.transpose(-2, -1) / math.sqrt(d_head)  # (B, head, N, N)
        attention = scores.softmax(dim=-1)  #                   each row sums to 1
        gathered = attention @ v  #                             (B, head, N, d_head)

        mixed = torch.stack([mix(gathered[:, h]) for h, mix in enumerate(self.mix)], dim=1)
        side_by_side = mixed.transpose(1, 2).reshape(B, N, d)
        return self.out_map(side_by_side)
        # END SOLUTION


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
        # BEGIN SOLUTION q4
        self.norm1 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION q4
        x = x + self.msa(self.norm1(x))
        return x + self.mlp(self.norm2(x))
        # END SOLUTION


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
        # BEGIN SOLUTION q5
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError(f"a {H}x{W} image does not divide into a {n_patches}x{n_patches} grid")
        self.n_patches = n_patches
        self.patch_map = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.class_token = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.classifier = nn.Linear(d, num_classes)
        # END SOLUTION

    def forward(self, images: Tensor) -> Tensor:
        # BEGIN SOLUTION q5
        tokens = self.patch_map(patchify(images, self.n_patches))  # (B, n_patches**2, d)
        class_token = self.class_token.expand(len(images), -1, -1)  # (B, 1, d)
        tokens = torch.cat([class_token, tokens], dim=1)  #          (B, n_patches**2 + 1, d)
        tokens = tokens + self.positions

        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(tokens[:, 0])  #                      (B, num_classes)
        # END SOLUTION
