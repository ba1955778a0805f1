"""Unusual: einops everywhere, PreNorm and Residual wrapper modules around attention and MLP."""
import math

import torch
from einops import rearrange, repeat
from torch import nn


def patchify(images, n_patches):
    h, w = images.shape[-2:]
    if h % n_patches or w % n_patches:
        raise ValueError(f"{h}x{w} can not be cut in {n_patches} parts")
    return rearrange(images, "b c (gh ph) (gw pw) -> b (gh gw) (c ph pw)", gh=n_patches, gw=n_patches)


def get_positional_embeddings(sequence_length, d):
    # the exp/log form, all of it in float32
    pe = torch.zeros(sequence_length, d, dtype=torch.float32)
    position = torch.arange(0, sequence_length, dtype=torch.float32).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d, 2, dtype=torch.float32) * (-math.log(10000.0) / d))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term[: d // 2])
    return pe


class PreNorm(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs)


class Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x, **kwargs):
        return x + self.fn(x, **kwargs)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d % n_heads must be 0")
        self.n_heads = n_heads
        self.scale = (d // n_heads) ** -0.5
        self.to_qkv = nn.Linear(d, 3 * d, bias=False)
        self.to_out = nn.Linear(d, d)

    def forward(self, x):
        q, k, v = rearrange(self.to_qkv(x), "b n (three h e) -> three b h n e", three=3, h=self.n_heads)
        dots = torch.einsum("bhie,bhje->bhij", q, k) * self.scale
        attn = dots.softmax(dim=-1)
        out = torch.einsum("bhij,bhje->bhie", attn, v)
        return self.to_out(rearrange(out, "b h n e -> b n (h e)"))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        inner = mlp_ratio * hidden_d
        mlp = nn.Sequential(nn.Linear(hidden_d, inner), nn.GELU(), nn.Dropout(0.0), nn.Linear(inner, hidden_d))
        self.net = nn.Sequential(
            Residual(PreNorm(hidden_d, MyMSA(hidden_d, n_heads))),
            Residual(PreNorm(hidden_d, mlp)),
        )

    def forward(self, x):
        return self.net(x)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, c, h, w = image_dim
        if h % n_patches or w % n_patches:
            raise ValueError(f"{h}x{w} can not be cut in {n_patches} parts")
        self.n_patches = n_patches
        self.to_tokens = nn.Linear(c * h * w // n_patches**2, d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pe", get_positional_embeddings(n_patches**2 + 1, d))
        self.transformer = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, num_classes))

    def forward(self, images):
        x = self.to_tokens(patchify(images, self.n_patches))
        cls = repeat(self.cls, "1 1 d -> b 1 d", b=x.shape[0])
        x = torch.cat((cls, x), dim=1) + rearrange(self.pe, "n d -> 1 n d")
        return self.head(self.transformer(x)[:, 0])
