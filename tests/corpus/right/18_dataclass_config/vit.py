"""Unusual: a dataclass holds the settings, the scale is a buffer and q is scaled before the product."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Config:
    channels: int
    height: int
    width: int
    n_patches: int
    n_blocks: int
    d: int
    n_heads: int
    num_classes: int
    init_std: float = 0.02

    def __post_init__(self):
        if self.height % self.n_patches or self.width % self.n_patches:
            raise ValueError(f"{self.height}x{self.width} pixels do not give {self.n_patches} patches a side")

    @property
    def patch_size(self):
        return self.height // self.n_patches, self.width // self.n_patches

    @property
    def patch_dim(self):
        h, w = self.patch_size
        return self.channels * h * w

    @property
    def sequence_length(self):
        return self.n_patches**2 + 1


def patchify(images: torch.Tensor, n_patches: int) -> torch.Tensor:
    _, C, H, W = images.shape
    cfg = Config(C, H, W, n_patches, 0, 0, 0, 0)
    h, w = cfg.patch_size
    return (
        images.unfold(2, h, h)
        .unfold(3, w, w)
        .permute(0, 2, 3, 1, 4, 5)
        .reshape(len(images), n_patches * n_patches, cfg.patch_dim)
    )


def get_positional_embeddings(sequence_length: int, d: int) -> torch.Tensor:
    rates = torch.logspace(0, -2 * ((d - 1) // 2) / d, (d + 1) // 2, base=10000.0, dtype=torch.float64)
    angle = torch.arange(sequence_length, dtype=torch.float64).unsqueeze(1) * rates.unsqueeze(0)
    table = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1)
    return table.reshape(sequence_length, -1)[:, :d].type(torch.float32)


class MyMSA(nn.Module):
    def __init__(self, d: int, n_heads: int = 2):
        super().__init__()
        d_head, rest = divmod(d, n_heads)
        if rest:
            raise ValueError(f"d={d} leaves {rest} over with {n_heads} heads")
        self.n_heads, self.d_head = n_heads, d_head
        self.register_buffer("scale", torch.tensor(float(d_head)).rsqrt(), persistent=False)
        self.in_proj = nn.Linear(d, 3 * d)
        self.out_proj = nn.Linear(d, d)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        q, k, v = self.in_proj(sequences).tensor_split(3, dim=-1)
        q, k, v = (t.unflatten(-1, (self.n_heads, self.d_head)).swapaxes(1, 2) for t in (q, k, v))
        weights = torch.softmax((q * self.scale) @ k.swapaxes(-1, -2), dim=-1)
        return self.out_proj((weights @ v).swapaxes(1, 2).flatten(-2))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4):
        super().__init__()
        self.norms = nn.ModuleDict({"msa": nn.LayerNorm(hidden_d), "mlp": nn.LayerNorm(hidden_d)})
        self.branches = nn.ModuleDict(
            {
                "msa": MyMSA(hidden_d, n_heads),
                "mlp": nn.Sequential(
                    nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
                ),
            }
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in ("msa", "mlp"):
            x = x + self.branches[name](self.norms[name](x))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10, **extra):
        super().__init__()
        cfg = self.cfg = Config(*image_dim[1:], n_patches, n_blocks, d, n_heads, num_classes, **extra)
        self.patch_embedding = nn.Linear(cfg.patch_dim, cfg.d)
        self.class_token = nn.Parameter(torch.zeros(1, 1, cfg.d))
        self.register_buffer("positions", get_positional_embeddings(cfg.sequence_length, cfg.d))
        self.encoder = nn.Sequential(*[MyViTBlock(cfg.d, cfg.n_heads) for _ in range(cfg.n_blocks)])
        self.head = nn.Sequential(nn.LayerNorm(cfg.d), nn.Linear(cfg.d, cfg.num_classes))
        self.apply(self._init)
        nn.init.trunc_normal_(self.class_token, std=cfg.init_std)

    def _init(self, module):
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=self.cfg.init_std)
            nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self.patch_embedding(patchify(images, self.cfg.n_patches))
        tokens = torch.cat([self.class_token.expand(patches.shape[0], -1, -1), patches], dim=1)
        return self.head(self.encoder(tokens + self.positions)[:, 0])
