"""Unusual: plain parameter matrices (x @ W), patches picked by a table of pixel indices."""
import math

import torch
from torch import nn


def pixel_table(C, H, W, n_patches, device=None):
    """(n_patches**2, C*h*w): for every place in a patch, the index of its pixel in the flat image."""
    h, w = H // n_patches, W // n_patches
    rows = torch.arange(H, device=device).reshape(n_patches, 1, 1, h, 1)
    cols = torch.arange(W, device=device).reshape(1, n_patches, 1, 1, w)
    chan = torch.arange(C, device=device).reshape(1, 1, C, 1, 1)
    return (chan * H * W + rows * W + cols).reshape(n_patches**2, C * h * w)


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("H and W must be multiples of n_patches")
    return images.reshape(B, C * H * W)[:, pixel_table(C, H, W, n_patches, images.device)]


def get_positional_embeddings(sequence_length, d):
    k = torch.arange(0, d, 2, dtype=torch.float64)
    freq = torch.exp(-math.log(10000.0) * k / d)
    angle = torch.arange(sequence_length, dtype=torch.float64).unsqueeze(-1) * freq
    pe = torch.empty(sequence_length, d, dtype=torch.float64)
    pe[:, ::2] = angle.sin()
    pe[:, 1::2] = angle.cos()[:, : d // 2]
    return pe.to(torch.float32)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("n_heads must divide d")
        self.n_heads = n_heads
        self.W_q = nn.Parameter(torch.empty(d, d))
        self.W_k = nn.Parameter(torch.empty(d, d))
        self.W_v = nn.Parameter(torch.empty(d, d))
        self.W_o = nn.Parameter(torch.empty(d, d))
        for W in self.parameters():
            nn.init.xavier_uniform_(W)

    def forward(self, x):
        d_head = x.shape[2] // self.n_heads
        q = (x @ self.W_q).unflatten(-1, (self.n_heads, d_head)).transpose(1, 2)
        k = (x @ self.W_k).unflatten(-1, (self.n_heads, d_head)).transpose(1, 2)
        v = (x @ self.W_v).unflatten(-1, (self.n_heads, d_head)).transpose(1, 2)
        a = (q @ k.mT).div(math.sqrt(d_head)).softmax(-1)
        return (a @ v).transpose(1, 2).flatten(2) @ self.W_o


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.attn_norm = nn.LayerNorm(hidden_d, eps=1e-6)
        self.attn = MyMSA(hidden_d, n_heads)
        self.mlp_norm = nn.LayerNorm(hidden_d, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, hidden_d * mlp_ratio), nn.GELU(), nn.Linear(hidden_d * mlp_ratio, hidden_d)
        )
        for m in self.mlp:
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.normal_(m.bias, std=1e-6)

    def forward(self, x):
        residual = x
        x = self.attn(self.attn_norm(x)) + residual
        residual = x
        x = self.mlp(self.mlp_norm(x)) + residual
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("H and W must be multiples of n_patches")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls_token = nn.Parameter(torch.empty(1, d).uniform_(-1, 1))
        self.pos = nn.Parameter(get_positional_embeddings(n_patches**2 + 1, d).unsqueeze(0))
        self.pos.requires_grad_(False)
        self.blocks = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d, eps=1e-6)
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        cls = self.cls_token.unsqueeze(0).expand(x.shape[0], -1, -1)
        x = self.blocks(torch.cat((cls, x), dim=1) + self.pos)
        return self.head(self.norm(x).select(1, 0))
