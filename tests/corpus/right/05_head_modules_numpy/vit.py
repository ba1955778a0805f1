"""Unusual: every head is a module of its own, positions are made with numpy."""
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def patchify(images, n_patches):
    """Slices in a list, stacked."""
    height, width = images.shape[-2:]
    if height % n_patches > 0 or width % n_patches > 0:
        raise ValueError(f"cannot split {height} x {width} in {n_patches} x {n_patches}")
    h, w = height // n_patches, width // n_patches
    parts = [
        images[:, :, top : top + h, left : left + w].flatten(start_dim=1)
        for top in range(0, height, h)
        for left in range(0, width, w)
    ]
    return torch.stack(parts, dim=1)


def get_positional_embeddings(sequence_length, d):
    rows = np.arange(sequence_length)[:, np.newaxis]
    cols = np.arange(d)[np.newaxis, :]
    angles = rows / np.power(10000, (2 * (cols // 2)) / np.float64(d))
    angles[:, 0::2] = np.sin(angles[:, 0::2])
    angles[:, 1::2] = np.cos(angles[:, 1::2])
    return torch.from_numpy(angles).float()


class Head(nn.Module):
    def __init__(self, d, d_head):
        super().__init__()
        self.key = nn.Linear(d, d_head, bias=False)
        self.query = nn.Linear(d, d_head, bias=False)
        self.value = nn.Linear(d, d_head, bias=False)

    def forward(self, x):
        k, q, v = self.key(x), self.query(x), self.value(x)
        w = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        w = F.softmax(w, dim=-1)
        return w @ v


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("heads must divide d")
        self.heads = nn.ModuleList([Head(d, d // n_heads) for _ in range(n_heads)])
        self.proj = nn.Linear(d, d)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        out = torch.cat([h(x) for h in self.heads], dim=-1)
        return self.dropout(self.proj(out))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.ln1 = nn.LayerNorm(hidden_d)
        self.sa = MyMSA(hidden_d, n_heads)
        self.ln2 = nn.LayerNorm(hidden_d)
        self.fc1 = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.fc2 = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        x = x + self.sa(self.ln1(x))
        hidden = F.gelu(self.fc1(self.ln2(x)))
        return x + F.dropout(self.fc2(hidden), 0.1, training=self.training)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        c, h, w = image_dim[1:]
        if h % n_patches or w % n_patches:
            raise ValueError("bad number of patches")
        self.n = n_patches
        self.embed = nn.Linear(math.prod((c, h, w)) // n_patches**2, d)
        self.cls = nn.Parameter(torch.randn(1, d) * 0.02)
        self.register_buffer("pos", get_positional_embeddings(1 + n_patches**2, d))
        self.blocks = nn.Sequential(*(MyViTBlock(d, n_heads) for _ in range(n_blocks)))
        self.ln_f = nn.LayerNorm(d)
        self.lm_head = nn.Linear(d, num_classes)

    def forward(self, images):
        tok = self.embed(patchify(images, self.n))
        tok = torch.cat((self.cls.repeat(tok.size(0), 1, 1), tok), dim=1)
        x = self.blocks(tok + self.pos)
        x = self.ln_f(x)
        return self.lm_head(x[:, 0, :])
