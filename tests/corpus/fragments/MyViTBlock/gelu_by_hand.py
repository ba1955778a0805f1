"""GELU written with the error function, as a module."""

import math

import torch
from torch import nn


class ExactGELU(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)])
        self.msa = MyMSA(hidden_d, n_heads)
        inner_d = mlp_ratio * hidden_d
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, inner_d), ExactGELU(), nn.Linear(inner_d, hidden_d)
        )

    def forward(self, x):
        attended = x + self.msa(self.norms[0](x))
        return attended + self.mlp(self.norms[1](attended))


def maps(block):
    (one, two), (up, _, down) = block.norms, block.mlp
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
