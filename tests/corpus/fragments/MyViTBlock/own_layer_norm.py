"""A LayerNorm of its own, with the variance over d."""

import torch
from torch import nn


class NormOfTokens(nn.Module):
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(d))
        self.beta = nn.Parameter(torch.zeros(d))

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        var = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
        return self.gamma * (x - mean) / torch.sqrt(var + self.eps) + self.beta


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.before_msa = NormOfTokens(hidden_d)
        self.before_mlp = NormOfTokens(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.up = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.act = nn.GELU()
        self.down = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        after = self.msa(self.before_msa(x)) + x
        return self.down(self.act(self.up(self.before_mlp(after)))) + after


def maps(block):
    one, two, up, down = block.before_msa, block.before_mlp, block.up, block.down
    return {
        "g1": one.gamma, "c1": one.beta, "g2": two.gamma, "c2": two.beta,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
