"""Unusual: the gains of both norms are one parameter, and so are the biases."""

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
        self.n_heads, self.d_head = n_heads, d // n_heads
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, sequences):
        b, n, d = sequences.shape
        split = lambda t: t.reshape(b, n, self.n_heads, self.d_head).transpose(1, 2)
        q, k, v = split(self.q(sequences)), split(self.k(sequences)), split(self.v(sequences))
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_head)
        attention = torch.softmax(scores, dim=-1)
        return self.out((attention @ v).transpose(1, 2).reshape(b, n, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.gains = nn.Parameter(torch.ones(2, hidden_d))
        self.biases = nn.Parameter(torch.zeros(2, hidden_d))
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d))

    def norm(self, x, i):
        return F.layer_norm(x, x.shape[-1:], self.gains[i], self.biases[i])

    def forward(self, x):
        x = x + self.msa(self.norm(x, 0))
        return x + self.mlp(self.norm(x, 1))


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
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
