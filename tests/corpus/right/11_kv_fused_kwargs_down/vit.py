"""Unusual: q alone and k, v fused; extra keyword arguments handed down from model to block to attention."""
from math import sqrt

import torch
from torch import nn


def patchify(images, n_patches, *, flatten=True):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError(f"{(H, W)} is not divisible by {n_patches}")
    grid = torch.stack(torch.stack(images.chunk(n_patches, -1), 1).chunk(n_patches, -2), 1)  # B,row,col,C,h,w
    return grid.reshape(B, n_patches**2, -1) if flatten else grid


def get_positional_embeddings(sequence_length, d, base=10000.0, device=None):
    position = torch.arange(sequence_length, device=device, dtype=torch.float64)
    # exponents 0, 0, 2/d, 2/d, ...
    exponent = torch.arange(0, d, 2, device=device, dtype=torch.float64).repeat_interleave(2)[:d] / d
    angle = position[:, None] * base**-exponent
    # cos(a) = sin(a + pi/2)
    shift = torch.arange(d, device=device) % 2 * (torch.pi / 2)
    return torch.sin(angle + shift).float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2, bias=True, attn_drop=0.0, proj_drop=0.0):
        super().__init__()
        if d % n_heads:
            raise ValueError(f"{d} is not divisible by {n_heads}")
        self.n_heads = n_heads
        self.to_q = nn.Linear(d, d, bias=bias)
        self.to_kv = nn.Linear(d, 2 * d, bias=bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(d, d)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x):
        B, N, d = x.shape
        e = d // self.n_heads
        q = self.to_q(x).reshape(B, N, self.n_heads, e).transpose(1, 2)
        k, v = self.to_kv(x).reshape(B, N, 2, self.n_heads, e).permute(2, 0, 3, 1, 4)
        a = (q / sqrt(e)) @ k.transpose(-2, -1)
        a = self.attn_drop(a.softmax(dim=-1))
        return self.proj_drop(self.proj((a @ v).transpose(1, 2).reshape(B, N, d)))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, qkv_bias=True, drop=0.0, act_layer=nn.GELU):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.attn = MyMSA(hidden_d, n_heads=n_heads, bias=qkv_bias, attn_drop=drop, proj_drop=drop)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), act_layer(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class LightViT(nn.Module):
    def __init__(
        self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10, mlp_ratio=4, qkv_bias=True, drop=0.0
    ):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError(f"{(H, W)} is not divisible by {n_patches}")
        self.n_patches, self.d = n_patches, d
        self.patch_embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls_token = nn.Parameter(torch.randn(1, 1, d))
        self.blocks = nn.Sequential(
            *[MyViTBlock(d, n_heads, mlp_ratio=mlp_ratio, qkv_bias=qkv_bias, drop=drop) for _ in range(n_blocks)]
        )
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.patch_embed(patchify(images, self.n_patches))
        x = torch.cat((self.cls_token.expand(x.size(0), -1, -1), x), 1)
        x = x + get_positional_embeddings(x.size(1), self.d).to(x)  # made anew each time: nothing to move
        return self.head(self.norm(self.blocks(x))[:, 0])
