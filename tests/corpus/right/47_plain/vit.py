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

    >>> images = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> patchify(images, 2)[0, 1]        # the top right patch
    tensor([2., 3., 6., 7.])
    """
    B, C, H, W = images.shape
    if H % n_patches != 0 or W % n_patches != 0:
        raise ValueError(f"image of {H} x {W} cannot be cut into {n_patches} x {n_patches} patches")
    h = H // n_patches
    w = W // n_patches
    x = images.reshape(B, C, n_patches, h, n_patches, w)
    x = x.permute(0, 2, 4, 1, 3, 5)  # B, patch row, patch column, C, h, w
    return x.reshape(B, n_patches**2, C * h * w)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    """Make the table of sinusoidal positions, one row a token.  (q2)

    >>> get_positional_embeddings(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    table = torch.zeros(sequence_length, d, dtype=torch.float32)
    position = torch.arange(sequence_length, dtype=torch.float32).unsqueeze(1)
    even = torch.arange(0, d, 2, dtype=torch.float32)
    angle = position / 10000 ** (even / d)
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle[:, : d // 2])  # one column less if d is odd
    return table


class MyMSA(nn.Module):
    """Multi-head self-attention: every token gathers from all tokens.  (q3)

    It computes what nn.MultiheadAttention computes with the same weights; using that class,
    or torch's ready-made attention functions, is not the exercise.

    >>> MyMSA(d=8, n_heads=2)(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"d={d} does not divide by n_heads={n_heads}")
        self.n_heads = n_heads
        self.d_head = d // n_heads
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def split(self, x: Tensor) -> Tensor:
        B, N, _ = x.shape
        return x.reshape(B, N, self.n_heads, self.d_head).transpose(1, 2)

    def forward(self, sequences: Tensor) -> Tensor:
        B, N, d = sequences.shape
        q = self.split(self.q(sequences))
        k = self.split(self.k(sequences))
        v = self.split(self.v(sequences))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_head)  # B, heads, N, N
        weights = scores.softmax(dim=-1)
        heads = (weights @ v).transpose(1, 2).reshape(B, N, d)
        return self.out(heads)


class MyViTBlock(nn.Module):
    """One encoder block, norms first (Dosovitskiy et al. 2020, section 3.1).  (q4)

    >>> MyViTBlock(hidden_d=8, n_heads=2)(torch.randn(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.msa(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class LightViT(nn.Module):
    """A small Vision Transformer that classifies images.  (q5)

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
        _, C, H, W = image_dim
        self.n_patches = n_patches
        self.linear_map = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.class_token = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.linear_map(patchify(images, self.n_patches))
        class_tokens = self.class_token.expand(len(images), -1, -1)
        x = torch.cat([class_tokens, tokens], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.classifier(x[:, 0])
