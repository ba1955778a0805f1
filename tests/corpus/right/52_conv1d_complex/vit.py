from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def patchify(images, n_patches):
    if images.size(2) % n_patches or images.size(3) % n_patches:
        raise ValueError("H and W have to divide by n_patches")
    ph, pw = images.size(2) // n_patches, images.size(3) // n_patches
    windows = images.unfold(2, ph, ph).unfold(3, pw, pw)        # B C n n ph pw
    windows = windows.permute(0, 2, 3, 1, 4, 5).contiguous()    # B n n C ph pw
    return windows.view(images.size(0), n_patches * n_patches, images.size(1) * ph * pw)


def get_positional_embeddings(sequence_length, d):
    # e^{i a} = cos a + i sin a holds both columns of a pair in one number
    half = (d + 1) // 2
    a = torch.arange(sequence_length, dtype=torch.float64).unsqueeze(-1)
    a = a * torch.pow(torch.tensor(10000.0, dtype=torch.float64), -2.0 * torch.arange(half) / d)
    z = torch.polar(torch.ones_like(a), a)
    cos_sin = torch.view_as_real(z)                             # p half 2
    table = cos_sin.flip(-1).reshape(sequence_length, 2 * half)
    return table[:, :d].to(dtype=torch.float32, copy=True)


class MyMSA(nn.Module):
    """q, k, v with 1-wide convolutions over the tokens: the same matrix at every token."""

    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads > 0:
            raise ValueError(f"n_heads ({n_heads}) must divide d ({d})")
        self.h = n_heads
        self.query = nn.Conv1d(d, d, kernel_size=1)
        self.key = nn.Conv1d(d, d, kernel_size=1)
        self.value = nn.Conv1d(d, d, kernel_size=1)
        self.merge = nn.Conv1d(d, d, kernel_size=1)

    def forward(self, sequences):
        x = sequences.transpose(1, 2)                           # B d N, as Conv1d likes it
        B, d, N = x.shape
        e = d // self.h
        q = self.query(x).reshape(B * self.h, e, N)             # channels in front: heads fall apart by themselves
        k = self.key(x).reshape(B * self.h, e, N)
        v = self.value(x).reshape(B * self.h, e, N)
        scores = torch.bmm(q.transpose(1, 2), k).div(e ** 0.5)  # B*h N(queries) N(keys)
        w = F.softmax(scores, dim=2)
        o = torch.bmm(v, w.transpose(1, 2))                     # B*h e N
        return self.merge(o.reshape(B, d, N)).transpose(1, 2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.ln = nn.ModuleDict({"msa": nn.LayerNorm(hidden_d), "mlp": nn.LayerNorm(hidden_d)})
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(OrderedDict([
            ("fc", nn.Linear(hidden_d, hidden_d * mlp_ratio)),
            ("gelu", nn.GELU(approximate="tanh")),
            ("proj", nn.Linear(hidden_d * mlp_ratio, hidden_d)),
        ]))

    def forward(self, x):
        x = torch.add(x, self.msa(self.ln["msa"](x)))
        x = torch.add(x, self.mlp(self.ln["mlp"](x)))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        B, C, H, W = image_dim
        self.n = n_patches
        self.lin = nn.Linear((H // n_patches) * (W // n_patches) * C, d)
        self.cls = nn.Parameter(torch.normal(0.0, 0.02, size=(1, d)))
        self.register_buffer("pe", get_positional_embeddings(n_patches * n_patches + 1, d))
        self.blocks = nn.ModuleDict()
        for i in range(n_blocks):
            self.blocks[f"block_{i}"] = MyViTBlock(d, n_heads)
        self.fc = nn.Linear(d, num_classes)

    def forward(self, images):
        t = self.lin(patchify(images, self.n))
        t = torch.cat([self.cls.unsqueeze(0).repeat(t.size(0), 1, 1), t], dim=1)
        t = t + self.pe[None]
        for name, block in self.blocks.items():
            t = block(t)
        return self.fc(t.select(1, 0))
