"""Unusual: no matrix product in the attention: broadcast, multiply, sum; keys come first in the score tensor."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("patches would be cut off")
    h, w = H // n_patches, W // n_patches
    out = torch.zeros(n_patches, n_patches, B, C, h, w, dtype=images.dtype, device=images.device)
    for i in range(n_patches):
        for j in range(n_patches):
            out[i, j] = images[..., i * h : (i + 1) * h, j * w : (j + 1) * w]
    return out.flatten(0, 1).flatten(2).transpose(0, 1).contiguous()


def get_positional_embeddings(sequence_length, d):
    exponents = torch.tensor([2 * (j // 2) / d for j in range(d)], dtype=torch.float64)
    angles = torch.arange(sequence_length, dtype=torch.float64)[:, None].mul(torch.pow(10000.0, -exponents))
    table = angles.cos()
    table[:, ::2] = angles[:, ::2].sin()
    return table.float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("heads do not fit")
        self.heads = n_heads
        self.v = nn.Linear(d, d)
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        B, N, d = x.shape
        e = d // self.heads
        q = self.q(x).reshape(B, 1, N, self.heads, e)
        k = self.k(x).reshape(B, N, 1, self.heads, e)
        v = self.v(x).reshape(B, N, 1, self.heads, e)
        scores = (k * q).sum(-1, keepdim=True) / e**0.5  # (B, key, query, head, 1)
        weights = torch.softmax(scores, dim=1)
        return self.out((weights * v).sum(dim=1).reshape(B, N, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.first_norm = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.second_norm = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        h = self.msa(self.first_norm(x))
        x = x + h
        h = self.mlp(self.second_norm(x))
        return x + h


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, c, h, w = image_dim
        # patchify complains in forward if the image does not fit, so it is not asked twice
        self.n_patches = n_patches
        self.linear = nn.Linear(c * (h // n_patches) * (w // n_patches), d)
        self.class_token = nn.Parameter(torch.randn(1, d))
        self.register_buffer("table", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.linear(patchify(images, self.n_patches))
        tokens = torch.cat([torch.stack([self.class_token] * tokens.shape[0]), tokens], dim=1)
        tokens = tokens + self.table
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(tokens[:, 0])
