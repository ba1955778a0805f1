"""The MLP works on one token after the other."""

import torch
from torch import nn


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm_in = nn.LayerNorm(hidden_d)
        self.norm_mid = nn.LayerNorm(hidden_d)
        self.self_attention = MyMSA(hidden_d, n_heads=n_heads)
        self.expand = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        self.gelu = nn.GELU()
        self.contract = nn.Linear(hidden_d * mlp_ratio, hidden_d)

    def forward(self, x):
        x = x + self.self_attention(self.norm_in(x))
        tokens = []
        for i in range(x.shape[1]):
            token = x[:, i]
            hidden = self.gelu(self.expand(self.norm_mid(token)))
            tokens.append(token + self.contract(hidden))
        return torch.stack(tokens, dim=1)


def maps(block):
    one, two, up, down = block.norm_in, block.norm_mid, block.expand, block.contract
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
