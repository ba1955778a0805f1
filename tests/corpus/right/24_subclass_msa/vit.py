"""Unusual: the work is in base classes; MyMSA, MyViTBlock and LightViT are (nearly) empty subclasses."""
from abc import ABC, abstractmethod

import torch
from torch import nn


def check_divides(n_patches, *sides):
    for side in sides:
        if side % n_patches:
            raise ValueError(f"{side} % {n_patches} != 0")


def patchify(images, n_patches):
    check_divides(n_patches, *images.shape[-2:])
    # first all rows of patches, then each row into its patches
    for dim in (-2, -1):
        images = torch.stack(images.chunk(n_patches, dim=dim), dim=-4)
    # now (B, row, col, C, h, w)
    return images.flatten(1, 2).flatten(2)


def get_positional_embeddings(sequence_length, d):
    table = torch.arange(sequence_length, dtype=torch.float64).repeat(d, 1)  # one row a column of the result
    for j, row in enumerate(table):
        row /= 10000 ** (2 * (j // 2) / d)
        row.cos_() if j % 2 else row.sin_()
    return table.T.contiguous().float()


class BaseAttention(nn.Module, ABC):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError(f"{d} % {n_heads} != 0")
        self.d, self.n_heads = d, n_heads
        self.build()

    @abstractmethod
    def build(self): ...

    @abstractmethod
    def project(self, x): ...

    def forward(self, x):
        q, k, v = self.project(x)
        weights = (q @ k.transpose(-1, -2) / (self.d // self.n_heads) ** 0.5).softmax(-1)
        return self.merge((weights @ v).transpose(1, 2).flatten(2))


class MyMSA(BaseAttention):
    def build(self):
        self.maps = nn.ModuleDict({name: nn.Linear(self.d, self.d) for name in "vqk"})
        self.merge = nn.Identity()

    def project(self, x):
        return [self.maps[name](x).unflatten(2, (self.n_heads, -1)).transpose(1, 2) for name in "qkv"]


class PreNormBlock(nn.Module):
    attention_class = None

    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.mixer = self.attention_class(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, hidden_d * mlp_ratio), nn.GELU(), nn.Linear(hidden_d * mlp_ratio, hidden_d)
        )

    def forward(self, x):
        x = x + self.mixer(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class MyViTBlock(PreNormBlock):
    attention_class = MyMSA


class BaseViT(nn.Module):
    def __init__(self, image_dim, n_patches, n_blocks, d, n_heads, num_classes):
        super().__init__()
        check_divides(n_patches, *image_dim[2:])
        self.n_patches = n_patches
        self.embed = nn.Linear(image_dim[1] * image_dim[2] * image_dim[3] // n_patches**2, d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList(self.make_block(d, n_heads) for _ in range(n_blocks))
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


class LightViT(BaseViT):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__(image_dim, n_patches, n_blocks, d, n_heads, num_classes)

    def make_block(self, d, n_heads):
        return MyViTBlock(d, n_heads)
