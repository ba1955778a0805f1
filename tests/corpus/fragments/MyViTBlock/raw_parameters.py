"""The MLP's matrices are parameters, F.layer_norm gets its gain and bias."""

import torch
import torch.nn.functional as F
from torch import nn


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.d = hidden_d
        wide = mlp_ratio * hidden_d
        self.gain1 = nn.Parameter(torch.ones(hidden_d))
        self.bias1 = nn.Parameter(torch.zeros(hidden_d))
        self.gain2 = nn.Parameter(torch.ones(hidden_d))
        self.bias2 = nn.Parameter(torch.zeros(hidden_d))
        self.w1 = nn.Parameter(torch.randn(hidden_d, wide) * hidden_d**-0.5)
        self.b1 = nn.Parameter(torch.zeros(wide))
        self.w2 = nn.Parameter(torch.randn(wide, hidden_d) * wide**-0.5)
        self.b2 = nn.Parameter(torch.zeros(hidden_d))
        self.msa = MyMSA(hidden_d, n_heads)

    def forward(self, x):
        x = x + self.msa(F.layer_norm(x, (self.d,), self.gain1, self.bias1))
        y = F.layer_norm(x, (self.d,), self.gain2, self.bias2)
        y = F.gelu(y @ self.w1 + self.b1)
        return x + y @ self.w2 + self.b2


def maps(block):
    return {
        "g1": block.gain1, "c1": block.bias1, "g2": block.gain2, "c2": block.bias2,
        "W1": block.w1.T, "b1": block.b1, "W2": block.w2.T, "b2": block.b2,
    }  # fmt: skip
