"""Unusual: layers that the first images tell their size."""

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
    from einops import rearrange
    half = -(-d // 2)
    angle = torch.einsum("p,i->pi", torch.arange(sequence_length, dtype=torch.float), 1 / 10000 ** (torch.arange(half, dtype=torch.float) * 2 / d))
    return rearrange([angle.sin(), angle.cos()], "two p i -> p (i two)")[:, :d]


class _Checked(nn.Module):
    """Checks the shapes of every call."""

    def __call__(self, x, *args, **kwargs):
        if x.ndim != 3:
            raise ValueError("need (B, N, d)")
        out = super().__call__(x, *args, **kwargs)
        if out.shape != x.shape:
            raise RuntimeError("shape changed")
        return out


class _Heads:
    def split(self, t):
        return t.reshape(*t.shape[:2], self.n_heads, -1).swapaxes(1, 2)

    def merge(self, t):
        return t.swapaxes(1, 2).reshape(t.shape[0], t.shape[2], -1)


class MyMSA(_Heads, _Checked):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError
        self.n_heads = n_heads
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))

    def forward(self, sequences):
        q, k, v = self.split(self.q(sequences)), self.split(self.k(sequences)), self.split(self.v(sequences))
        return self.o(self.merge(F.softmax(q @ k.swapaxes(2, 3) / math.sqrt(q.shape[-1]), -1) @ v))


class MyViTBlock(nn.Module):
    """MLP: two factorised Linear on the way out, and tokens flattened to (B*N, d)."""

    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm([hidden_d])
        self.norm2 = nn.LayerNorm((hidden_d,))
        self.msa = MyMSA(hidden_d, n_heads)
        self.lin1 = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.lin2 = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def mlp(self, x):
        flat = self.lin2(nn.functional.gelu(self.lin1(x.reshape(-1, x.size(-1))), approximate="tanh"))
        return flat.unflatten(0, x.shape[:-1])

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class LightViT(nn.Module):
    """Lazy: the first forward tells the linear map its size."""

    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.n_patches = n_patches
        self.embed = nn.LazyLinear(d)
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches ** 2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.LazyLinear(num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
