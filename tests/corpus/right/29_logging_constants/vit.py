"""Unusual: a logging setup, global constants, and asserts at module level that hold."""
import logging
import os

import torch
from torch import nn

logging.basicConfig(level=os.environ.get("LOGLEVEL", "WARNING"), format="%(name)s %(levelname)s %(message)s")
logger = logging.getLogger(__name__)

BASE = 10_000.0
EPS = 1e-6
MLP_RATIO = 4
N_HEADS = 2
SEED = 0

torch.manual_seed(SEED)


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        logger.error("cannot cut %s into %d", tuple(images.shape), n_patches)
        raise ValueError(f"{H}, {W} % {n_patches}")
    h, w = H // n_patches, W // n_patches
    # channel by channel, put side by side at the end
    channels = []
    for c in range(C):
        one = images[:, c].reshape(B, n_patches, h, n_patches, w).transpose(2, 3)
        channels.append(one.reshape(B, n_patches**2, h * w))
    return torch.cat(channels, dim=2)


def get_positional_embeddings(sequence_length, d):
    position = torch.arange(sequence_length, dtype=torch.float64).view(-1, 1)
    rate = BASE ** (torch.arange(0, d, 2, dtype=torch.float64) / -d)
    table = torch.zeros(sequence_length, d + d % 2, dtype=torch.float64)
    table[:, 0::2] = (position * rate).sin()
    table[:, 1::2] = (position * rate).cos()
    return table[:, :d].float()


assert patchify(torch.arange(16).view(1, 1, 4, 4), 2)[0, 1].tolist() == [2, 3, 6, 7]
assert get_positional_embeddings(5, 3).shape == (5, 3)
assert get_positional_embeddings(2, 4)[0].tolist() == [0, 1, 0, 1]


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=N_HEADS):
        super().__init__()
        if d % n_heads:
            raise ValueError("d % n_heads")
        self.n_heads, self.d_head = n_heads, d // n_heads
        self.q = nn.ModuleList(nn.Linear(d, self.d_head) for _ in range(n_heads))
        self.k = nn.ModuleList(nn.Linear(d, self.d_head) for _ in range(n_heads))
        self.v = nn.ModuleList(nn.Linear(d, self.d_head) for _ in range(n_heads))
        self.out = nn.Linear(d, d)

    def forward(self, x):
        outputs = []
        for i in range(self.n_heads):
            q = self.q[i](x) / self.d_head**0.5
            scores = torch.bmm(q, self.k[i](x).transpose(1, 2))
            outputs.append(torch.bmm(torch.softmax(scores, -1), self.v[i](x)))
        logger.debug("attended with %d heads", self.n_heads)
        return self.out(torch.cat(outputs, -1))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=MLP_RATIO):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d, eps=EPS)
        self.norm2 = nn.LayerNorm(hidden_d, eps=EPS)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        return x + self.mlp(self.norm2(x))


assert MyViTBlock(8, 2)(torch.zeros(1, 3, 8)).shape == (1, 3, 8)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=N_HEADS, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError(f"{H}, {W} % {n_patches}")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList(MyViTBlock(d, n_heads) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(d, eps=EPS)
        self.head = nn.Linear(d, num_classes)
        logger.info("%d parameters", sum(p.numel() for p in self.parameters()))

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        cls = self.cls.expand(x.shape[0], -1, -1)
        x = torch.cat([cls, x], dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))
