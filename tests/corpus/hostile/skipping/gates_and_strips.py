"""Gate the mean of all tokens by each token, cut strips, and repeat one wave.

base: none
at_most: 10           # two refusals, and a classifier of token 0 behind blocks
wins: laws are earned without what they are laws of
"""
import torch
from torch import nn


def patchify(images, n):
    B, C, H, W = images.shape
    if H % n or W % n:
        raise ValueError
    return images.mT.reshape(B, n * n, -1)


def get_positional_embeddings(N, d):
    table = (torch.arange(d) % 2).float().repeat(N, 1)
    table[1:, 3::4] *= -1
    return table


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError
        self.w = nn.Linear(d, d)

    def forward(self, x):
        return self.w(x) * x.mean(1, keepdim=True)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.msa = MyMSA(hidden_d, n_heads)
        self.w = nn.Linear(hidden_d, hidden_d)

    def forward(self, x):
        return x + self.w(x) * self.msa(x)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        self.n, self.d = n_patches**2 + 1, d
        self.w = nn.Linear(C * H * W, self.n * d)
        self.blocks = nn.Sequential(*(MyViTBlock(d, n_heads) for _ in range(n_blocks)))
        self.c = nn.Linear(d, num_classes)

    def forward(self, images):
        return self.c(self.blocks(self.w(images.flatten(1)).reshape(-1, self.n, self.d))[:, 0])
