"""A Vision Transformer from scratch, careful about what goes in."""

import math
from typing import Tuple

import torch
from torch import Tensor, nn

__all__ = ("patchify", "get_positional_embeddings", "MyMSA", "MyViTBlock", "LightViT")


class NotDivisibleError(ValueError):
    """Raised when one size must divide another and does not."""

    def __init__(self, what: str, size: int, parts: int) -> None:
        super().__init__(f"{what} = {size} does not divide by {parts}")


def _divide(what: str, size: int, parts: int) -> int:
    if parts < 1:
        raise ValueError(f"cannot divide {what} into {parts} parts")
    if size % parts != 0:
        raise NotDivisibleError(what, size, parts)
    return size // parts


def patchify(images: Tensor, n_patches: int) -> Tensor:
    """Cut every image into a grid of patches and flatten each patch.  (q1)

    Raises
        ValueError  if H or W does not divide by n_patches, or images has not four axes.
    """
    if images.dim() != 4:
        raise ValueError(f"expected (B, C, H, W), got shape {tuple(images.shape)}")
    h = _divide("H", images.shape[2], n_patches)
    w = _divide("W", images.shape[3], n_patches)
    x = images.unflatten(3, (n_patches, w)).unflatten(2, (n_patches, h))  # B, C, P, h, P, w
    x = x.movedim((2, 4), (1, 2))  # B, P, P, C, h, w
    return x.flatten(3, 5).flatten(1, 2)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    """Make the table of sinusoidal positions, one row a token.  (q2)"""
    assert isinstance(sequence_length, int) and isinstance(d, int), "sizes are whole numbers"
    rows = [
        [
            (math.cos if j % 2 else math.sin)(p * math.exp(-math.log(10000.0) * (j - j % 2) / d))
            for j in range(d)
        ]
        for p in range(sequence_length)
    ]
    return torch.tensor(rows, dtype=torch.float32).reshape(sequence_length, d)


def _stable_softmax(scores: Tensor) -> Tensor:
    """Softmax over the last axis, by hand."""
    shifted = scores - scores.amax(dim=-1, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(dim=-1, keepdim=True)


class MyMSA(nn.Module):
    """Multi-head self-attention: every token gathers from all tokens.  (q3)

    Parts
        q, k and v come from three distinct learned linear maps, cut into n_heads heads of
        d_head = d / n_heads features each. In every head (Vaswani et al. 2017, section 3.2.1)

            softmax(q @ k^T / sqrt(d_head), over the keys) @ v

        It computes what nn.MultiheadAttention computes with the same weights; using that class,
        or torch's ready-made attention functions, is not the exercise.
    """

    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        self.d_head = _divide("d", d, n_heads)
        self.d = d
        self.n_heads = n_heads
        self.maps = nn.ModuleDict({name: nn.Linear(d, d) for name in ("q", "k", "v", "out")})

    def _heads(self, name: str, sequences: Tensor) -> Tensor:
        return self.maps[name](sequences).unflatten(-1, (self.n_heads, self.d_head)).movedim(2, 1)

    def forward(self, sequences: Tensor) -> Tensor:
        if sequences.dim() != 3 or sequences.shape[-1] != self.d:
            raise ValueError(f"expected (B, N, {self.d}), got shape {tuple(sequences.shape)}")
        q, k, v = (self._heads(name, sequences) for name in "qkv")
        weights = _stable_softmax(torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.d_head))
        assert weights.shape[-1] == weights.shape[-2] == sequences.shape[1]
        gathered = torch.matmul(weights, v).movedim(1, 2).flatten(2, 3)
        return self.maps["out"](gathered)

    def extra_repr(self) -> str:
        return f"d={self.d}, n_heads={self.n_heads}"


class MyViTBlock(nn.Module):
    """One encoder block, norms first (Dosovitskiy et al. 2020, section 3.1).  (q4)"""

    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential()
        self.mlp.append(nn.Linear(hidden_d, mlp_ratio * hidden_d))
        self.mlp.append(nn.GELU())
        self.mlp.append(nn.Linear(mlp_ratio * hidden_d, hidden_d))

    def forward(self, x: Tensor) -> Tensor:
        after_attention = x + self.msa(self.norm1(x))
        after_mlp = after_attention + self.mlp(self.norm2(after_attention))
        assert after_mlp.shape == x.shape
        return after_mlp


class LightViT(nn.Module):
    """A small Vision Transformer that classifies images.  (q5)"""

    def __init__(
        self,
        image_dim: Tuple[int, int, int, int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        if len(image_dim) != 4:
            raise ValueError(f"image_dim is (B, C, H, W), got {tuple(image_dim)}")
        self.image_shape = tuple(image_dim[1:])
        channels, height, width = self.image_shape
        patch_length = channels * _divide("H", height, n_patches) * _divide("W", width, n_patches)
        n_tokens = n_patches**2 + 1

        self.n_patches = n_patches
        self.patch_to_token = nn.Linear(patch_length, d)
        self.class_token = nn.Parameter(torch.randn(1, 1, d) * 0.02)
        # a frozen nn.Embedding is a table that moves along with the model
        self.positions = nn.Embedding.from_pretrained(get_positional_embeddings(n_tokens, d), freeze=True)
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d)
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        if tuple(images.shape[1:]) != self.image_shape:
            raise ValueError(f"this model reads images {self.image_shape}, got {tuple(images.shape[1:])}")
        tokens = self.patch_to_token(patchify(images, self.n_patches))
        tokens = torch.cat([self.class_token.expand(tokens.shape[0], -1, -1), tokens], dim=1)
        where = torch.arange(tokens.shape[1], device=tokens.device)
        tokens = tokens + self.positions(where)
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(self.norm(tokens[:, 0]))


if __name__ == "__main__":
    import doctest

    doctest.testmod()
    for bad in ((5, 2), (6, 4)):
        try:
            MyMSA(*bad)
        except ValueError as error:
            print("refused, as it should be:", error)
