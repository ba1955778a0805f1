"""Unusual: own LayerNorm with torch.std (unbiased) and eps outside the root; a sublayer wrapper class."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("no whole patches")
    h, w = H // n_patches, W // n_patches
    x = images.permute(0, 2, 3, 1)  # channels last for a while
    x = x.reshape(B, n_patches, h, n_patches, w, C)
    return x.permute(0, 1, 3, 5, 2, 4).reshape(B, n_patches * n_patches, C * h * w)


def get_positional_embeddings(sequence_length, d):
    pe = torch.zeros(sequence_length, d)
    position = torch.arange(sequence_length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d, 2) * -(math.log(10000.0) / d))
    pe[:, 0::2] = torch.sin(position * div_term)
    if d % 2 == 0:
        pe[:, 1::2] = torch.cos(position * div_term)
    else:
        pe[:, 1::2] = torch.cos(position * div_term[:-1])
    return pe


class StdNorm(nn.Module):
    def __init__(self, width, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x):
        centre = x.mean(-1, keepdim=True)
        spread = x.std(-1, keepdim=True)
        return self.weight * (x - centre) / (spread + self.eps) + self.bias


class Sublayer(nn.Module):
    """x + layer(norm(x))"""

    def __init__(self, width, dropout):
        super().__init__()
        self.norm = StdNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, layer):
        return x + self.dropout(layer(self.norm(x)))


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d is not a multiple of n_heads")
        self.h = n_heads
        self.d_k = d // n_heads
        self.linears = nn.ModuleList([nn.Linear(d, d) for _ in range(4)])

    def forward(self, x):
        B = x.size(0)
        q, k, v = [f(x).view(B, -1, self.h, self.d_k).transpose(1, 2) for f in self.linears[:3]]
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d_k)
        x = torch.matmul(F.softmax(scores, dim=-1), v)
        return self.linears[-1](x.transpose(1, 2).contiguous().view(B, -1, self.h * self.d_k))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, dropout=0.0):
        super().__init__()
        self.self_attention = MyMSA(hidden_d, n_heads)
        self.w_1 = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.w_2 = nn.Linear(mlp_ratio * hidden_d, hidden_d)
        self.sublayers = nn.ModuleList([Sublayer(hidden_d, dropout) for _ in range(2)])

    def feed_forward(self, x):
        return self.w_2(F.gelu(self.w_1(x)))

    def forward(self, x):
        x = self.sublayers[0](x, self.self_attention)
        return self.sublayers[1](x, self.feed_forward)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("no whole patches")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pe", get_positional_embeddings(n_patches**2 + 1, d).unsqueeze(0))
        self.layers = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = StdNorm(d)
        self.generator = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.cat((self.cls.expand(x.size(0), -1, -1), x), dim=1)
        x = x + self.pe[:, : x.size(1)]
        for layer in self.layers:
            x = layer(x)
        return self.generator(self.norm(x)[:, 0])
