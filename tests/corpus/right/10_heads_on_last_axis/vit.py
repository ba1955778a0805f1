"""Unusual: features are cut as (d_head, heads), heads on the last axis, for q, k, v and the merge alike."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("not a whole number of patches")
    x = images.unflatten(3, (n_patches, W // n_patches)).unflatten(2, (n_patches, H // n_patches))
    x = x.movedim((2, 4), (1, 2))  # B, row, col, C, h, w
    return x.flatten(3).flatten(1, 2)


def get_positional_embeddings(sequence_length, d):
    pairs = d // 2 + d % 2
    angle = torch.arange(sequence_length, dtype=torch.float64)[:, None] / (
        10000.0 ** (torch.arange(pairs, dtype=torch.float64) * 2 / d)
    )
    unit = torch.polar(torch.ones_like(angle), angle)
    table = torch.empty(sequence_length, 2 * pairs)
    table[:, 0::2] = unit.imag
    table[:, 1::2] = unit.real
    return table[:, :d].contiguous()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("n_heads")
        self.shape = (d // n_heads, n_heads)
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d)
        self.o = nn.Linear(d, d)

    def forward(self, x):
        q = self.q(x).unflatten(2, self.shape)  # B, N, e, h
        k = self.k(x).unflatten(2, self.shape)
        v = self.v(x).unflatten(2, self.shape)
        scores = torch.einsum("bieh,bjeh->bijh", q, k) / self.shape[0] ** 0.5
        weights = torch.softmax(scores, dim=2)  # axis 2 are the keys here
        return self.o(torch.einsum("bijh,bjeh->bieh", weights, v).flatten(2))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, dropout=0.1):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)])
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
            nn.Dropout(dropout),
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.drop(self.msa(self.norms[0](x)))
        x = x + self.mlp(self.norms[1](x))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("not a whole number of patches")
        self.n_patches = n_patches
        self.tokens = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.rand(1, 1, d))
        self.positions = get_positional_embeddings(n_patches**2 + 1, d)  # a plain tensor
        self.blocks = nn.ModuleList(MyViTBlock(hidden_d=d, n_heads=n_heads) for _ in range(n_blocks))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.tokens(patchify(images, self.n_patches))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1)
        x = x + self.positions.to(images.device).to(x.dtype)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x[:, 0])
