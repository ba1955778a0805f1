"""Unusual: orthogonal maps, spectral norms in the MLP, autocast switched off."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def patchify(images, n_patches):
    b, c, h, w = images.shape
    if h % n_patches or w % n_patches:
        raise ValueError("image size must be divisible by n_patches")
    ph, pw = h // n_patches, w // n_patches
    x = images.reshape(b, c, n_patches, ph, n_patches, pw)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(b, n_patches * n_patches, c * ph * pw)


def get_positional_embeddings(sequence_length, d):
    angle = torch.outer(torch.arange(sequence_length).float(), 10000.0 ** (-torch.arange(0, d, 2).float() / d))
    out = torch.empty(sequence_length, d, dtype=torch.float32)
    out[:, 0::2] = angle.sin()
    out[:, 1::2] = angle.cos()[:, : d // 2]
    return out


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d must divide by n_heads")
        self.h, self.r = n_heads, d // n_heads
        p = nn.utils.parametrizations.orthogonal
        self.q = p(nn.Linear(d, d)); self.k = p(nn.Linear(d, d)); self.v = p(nn.Linear(d, d)); self.o = p(nn.Linear(d, d))

    def heads(self, t):
        return t.reshape(*t.shape[:2], self.h, self.r).transpose(1, 2)


    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.heads(self.q(x)), self.heads(self.k(x)), self.heads(self.v(x))
        a = torch.softmax(q @ k.transpose(-2, -1) / self.r ** 0.5, -1)
        return self.o((a @ v).transpose(1, 2).reshape(b, n, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1, self.norm2, self.msa = nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads)
        d, m = hidden_d, mlp_ratio * hidden_d
        self.mlp = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(d, m)), nn.GELU(), nn.utils.parametrizations.spectral_norm(nn.Linear(m, d)))

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, c, h, w = image_dim
        self.n_patches = n_patches
        self.embed = nn.Linear(c * h * w // n_patches ** 2, d)
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches ** 2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1) + self.pos
        with torch.autocast(device_type=images.device.type, enabled=False):
            x = x.float() if x.dtype == torch.float16 else x
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
