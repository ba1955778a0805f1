"""Vision Transformer, configured by a dataclass; every attention head is a module of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Sequence

import torch
from torch import Tensor, nn

__all__ = ["patchify", "get_positional_embeddings", "MyMSA", "MyViTBlock", "LightViT", "ViTConfig"]

logger = logging.getLogger(__name__)
BASE: Final[float] = 10_000.0


@dataclass(frozen=True)
class ViTConfig:
    channels: int
    height: int
    width: int
    n_patches: int
    n_blocks: int
    d: int
    n_heads: int
    num_classes: int

    @property
    def patch_length(self) -> int:
        return self.channels * (self.height // self.n_patches) * (self.width // self.n_patches)

    @property
    def n_tokens(self) -> int:
        return self.n_patches**2 + 1


def patchify(images: Tensor, n_patches: int) -> Tensor:
    *_, height, width = images.shape
    if height % n_patches or width % n_patches:
        raise ValueError(f"cannot cut {height}x{width} pixels into {n_patches}x{n_patches} patches")
    rows = torch.stack(images.chunk(n_patches, dim=2), dim=1)  # B, n, C, h, W
    grid = torch.stack(rows.chunk(n_patches, dim=4), dim=2)  # B, n, n, C, h, w
    return grid.flatten(3).flatten(1, 2)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    columns = []
    positions = torch.arange(sequence_length, dtype=torch.float32)
    for j in range(d):
        angles = positions / BASE ** (2 * (j // 2) / d)
        columns.append(angles.cos() if j % 2 else angles.sin())
    return torch.stack(columns, dim=1)


class AttentionHead(nn.Module):
    """One head: (B, N, d) -> (B, N, d_head)."""

    def __init__(self, d: int, d_head: int) -> None:
        super().__init__()
        self.to_query = nn.Linear(d, d_head)
        self.to_key = nn.Linear(d, d_head, bias=False)
        self.to_value = nn.Linear(d, d_head)
        self.temperature = d_head**0.5

    def forward(self, x: Tensor) -> Tensor:
        logits = self.to_query(x) @ self.to_key(x).transpose(1, 2)
        return torch.softmax(logits / self.temperature, dim=-1) @ self.to_value(x)


class MyMSA(nn.Module):
    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        d_head, remainder = divmod(d, n_heads)
        if remainder:
            raise ValueError(f"d ({d}) must be a multiple of n_heads ({n_heads})")
        self.heads = nn.ModuleList(AttentionHead(d, d_head) for _ in range(n_heads))
        self.output = nn.Linear(d, d, bias=False)

    def forward(self, sequences: Tensor) -> Tensor:
        return self.output(torch.cat([head(sequences) for head in self.heads], dim=-1))


class MLP(nn.Module):
    def __init__(self, d: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(d, hidden), nn.GELU(), nn.Linear(hidden, d)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.mlp_norm = nn.LayerNorm(hidden_d)
        self.mlp = MLP(hidden_d, mlp_ratio * hidden_d)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x))
        x = x + self.mlp(self.mlp_norm(x))
        return x


class LightViT(nn.Module):
    def __init__(
        self,
        image_dim: Sequence[int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        _, channels, height, width = image_dim
        self.config = ViTConfig(channels, height, width, n_patches, n_blocks, d, n_heads, num_classes)
        self.embedding = nn.Linear(self.config.patch_length, d)
        self.class_token = nn.Parameter(torch.empty(1, 1, d))
        nn.init.trunc_normal_(self.class_token, std=0.02)
        # a frozen parameter moves and is cast with the model, and no optimizer changes it
        self.positions = nn.Parameter(get_positional_embeddings(self.config.n_tokens, d), requires_grad=False)
        self.encoder = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, num_classes))
        logger.debug("built %s with %d parameters", self.config, sum(p.numel() for p in self.parameters()))

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.embedding(patchify(images, self.config.n_patches))
        batch = tokens.size(0)
        tokens = torch.cat((self.class_token.expand(batch, 1, self.config.d), tokens), dim=1)
        encoded = self.encoder(tokens + self.positions)
        return self.head(encoded[:, 0])
