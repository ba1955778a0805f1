"""Unusual: an MLP with weight norms; q, k and v interleaved."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def patchify(images, n_patches):
    b, c, h, w = images.size()
    if h % n_patches or w % n_patches:
        raise ValueError("no")
    ph, pw = h // n_patches, w // n_patches
    x = images.contiguous()
    windows = x.as_strided(
        (b, n_patches, n_patches, c, ph, pw),
        (c * h * w, ph * w, pw, h * w, w, 1),
        x.storage_offset(),
    )
    return windows.reshape(b, n_patches**2, -1)


class Sinusoid:
    base = 10_000

    def __call__(self, sequence_length, d):
        return torch.tensor([[self.value(p, j, d) for j in range(d)] for p in range(sequence_length)], dtype=torch.float32)

    def value(self, p, j, d):
        i, odd = divmod(j, 2)
        return (math.sin, math.cos)[odd](p / self.base ** (2 * i / d))


get_positional_embeddings = Sinusoid()


class MyMSA(nn.Module):
    """Fused layer with q, k and v interleaved: h, c, 3."""

    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError
        self.h = n_heads
        self.qkv = nn.Linear(d, d * 3, bias=False)
        self.proj = nn.Linear(d, d)

    def forward(self, sequences):
        from einops import rearrange
        q, k, v = rearrange(self.qkv(sequences), "b n (h c three) -> three b h n c", three=3, h=self.h)
        w = torch.einsum("bhic,bhjc->bhij", q, k).div_(math.sqrt(q.size(-1))).softmax(-1)
        return self.proj(rearrange(w @ v, "b h n c -> b n (h c)"))


class MyViTBlock(nn.Module):
    """A weight-normalised MLP."""

    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        wn = nn.utils.parametrizations.weight_norm
        self.norm1, self.norm2 = nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(wn(nn.Linear(hidden_d, mlp_ratio * hidden_d)), nn.GELU(), wn(nn.Linear(mlp_ratio * hidden_d, hidden_d)))

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
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
