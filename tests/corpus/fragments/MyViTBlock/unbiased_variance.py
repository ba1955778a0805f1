"""A LayerNorm of its own with torch's unbiased var."""

import torch
from torch import nn


class UnbiasedNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.shift = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.var(-1, keepdim=True) + 1e-5).sqrt() * self.scale + self.shift


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.n1 = UnbiasedNorm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.n2 = UnbiasedNorm(hidden_d)
        self.net = nn.Sequential(
            nn.Linear(hidden_d, hidden_d * mlp_ratio),
            nn.GELU(),
            nn.Linear(hidden_d * mlp_ratio, hidden_d),
        )

    def forward(self, x):
        x = x + self.attention(self.n1(x))
        return x + self.net(self.n2(x))


def maps(block):
    one, two, (up, _, down) = block.n1, block.n2, block.net
    return {
        "g1": one.scale, "c1": one.shift, "g2": two.scale, "c2": two.shift,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
