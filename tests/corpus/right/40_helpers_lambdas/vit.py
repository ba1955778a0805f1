"""Unusual: lambdas and functools instead of def; the pieces of the block are bound in __init__ as functions."""
import functools
import itertools
import operator

import torch
from torch import nn


def _no(message):
    raise ValueError(message)


patchify = lambda images, n_patches: (
    _no("H or W does not divide by n_patches")
    if images.shape[2] % n_patches or images.shape[3] % n_patches
    else torch.stack(
        [
            images[:, :, i * images.shape[2] // n_patches : (i + 1) * images.shape[2] // n_patches,
                   j * images.shape[3] // n_patches : (j + 1) * images.shape[3] // n_patches].flatten(1)
            for i, j in itertools.product(range(n_patches), repeat=2)
        ],
        dim=1,
    )
)


@functools.lru_cache
def _turn(d):
    """How far every pair turns from one position to the next, as complex numbers."""
    return torch.exp(1j * 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d))


def get_positional_embeddings(sequence_length, d):
    step = _turn(d)
    rows = [torch.ones_like(step)]
    while len(rows) < sequence_length:
        rows.append(rows[-1] * step)
    unit = torch.stack(rows)
    return torch.stack((unit.imag, unit.real), dim=-1).reshape(sequence_length, -1)[:, :d].float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        d % n_heads and _no("d does not divide by n_heads")
        self.n_heads = n_heads
        self.qk = nn.Linear(d, 2 * d)  # q and k together, v alone
        self.value = nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        B, N, d = x.shape
        cut = functools.partial(torch.unflatten, dim=-1, sizes=(self.n_heads, d // self.n_heads))
        q, k = map(cut, self.qk(x).chunk(2, dim=-1))
        v = cut(self.value(x))
        scores = torch.einsum("bihe,bjhe->hbij", q, k) * (d / self.n_heads) ** -0.5
        return self.out(torch.einsum("hbij,bjhe->bihe", scores.softmax(-1), v).reshape(x.shape))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm_1, self.norm_2 = (nn.LayerNorm(hidden_d) for _ in range(2))
        self.msa = MyMSA(n_heads=n_heads, d=hidden_d)
        self.up = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.down = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        chain = lambda *fs: lambda y: functools.reduce(lambda z, f: f(z), fs, y)
        first = chain(self.norm_1, self.msa)
        second = chain(self.norm_2, self.up, nn.functional.gelu, self.down)
        return functools.reduce(lambda y, f: operator.add(y, f(y)), (first, second), x)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        (C, H, W) = image_dim[1:]
        (H % n_patches or W % n_patches) and _no("H or W does not divide by n_patches")
        self.cut = functools.partial(patchify, n_patches=n_patches)
        self.embed = nn.Linear(C * H * W // n_patches**2, d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList(itertools.starmap(MyViTBlock, itertools.repeat((d, n_heads), n_blocks)))
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(self.cut(images))
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
