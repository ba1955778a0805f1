"""Unusual: two linear maps in a row for q and for k."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def patchify(images, n_patches):
    b, c, h, w = images.shape
    if h % n_patches or w % n_patches:
        raise ValueError("bad size")
    ph, pw = h // n_patches, w // n_patches
    size = c * ph * pw
    kernel = torch.eye(size, dtype=images.dtype, device=images.device).view(size, c, ph, pw)
    return F.conv2d(images, kernel, stride=(ph, pw)).flatten(2).transpose(1, 2)


def get_positional_embeddings(sequence_length, d):
    # turn by one step again and again: e^(i w (p+1)) = e^(i w p) e^(i w)
    w = torch.tensor([10000 ** (-2 * i / d) for i in range((d + 1) // 2)], dtype=torch.float64)
    turn = torch.polar(torch.ones_like(w), w)
    rows, now = [], torch.ones_like(turn)
    for _ in range(sequence_length):
        rows.append(torch.stack([now.imag, now.real], dim=-1).flatten()[:d])
        now = now * turn
    return torch.stack(rows).float()


class MyMSA(nn.Module):
    """Factorised maps: two linear maps in a row are a linear map."""

    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError
        self.h = n_heads
        self.q = nn.Sequential(nn.Linear(d, d, bias=False), nn.Linear(d, d))
        self.k = nn.Sequential(nn.Linear(d, d, bias=False), nn.Linear(d, d))
        self.v = nn.Linear(d, d)
        self.o = nn.Linear(d, d)

    def forward(self, sequences):
        q, k, v = [f(sequences).unflatten(2, (self.h, -1)).transpose(1, 2) for f in (self.q, self.k, self.v)]
        return self.o(((q / q.shape[-1] ** 0.5) @ k.mT).softmax(-1).matmul(v).transpose(1, 2).flatten(2))


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
    """n_patches may be a pair as well (rows must equal columns); checkpointed blocks."""

    cut = staticmethod(patchify)
    Block = MyViTBlock

    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        if isinstance(n_patches, (tuple, list)):
            (n_patches,) = set(n_patches)
        self.n_patches = n_patches
        self.embed = nn.Linear(math.prod(image_dim[1:]) // n_patches ** 2, d)
        self.cls = nn.Parameter(torch.zeros(d))
        self.register_buffer("pos", get_positional_embeddings(n_patches ** 2 + 1, d))
        self.layers = nn.ModuleList([self.Block(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        from torch.utils.checkpoint import checkpoint_sequential
        x = self.embed(self.cut(images, self.n_patches))
        x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1) + self.pos
        for block in self.layers:
            x = block(x)
        return self.head(x[:, 0])
