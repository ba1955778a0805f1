"""The MLP as two convolutions of width one over the tokens."""

import torch
from torch import nn


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.first_norm = nn.LayerNorm(hidden_d)
        self.second_norm = nn.LayerNorm(hidden_d)
        self.mix = MyMSA(hidden_d, n_heads)
        self.conv_up = nn.Conv1d(hidden_d, mlp_ratio * hidden_d, kernel_size=1)
        self.conv_down = nn.Conv1d(mlp_ratio * hidden_d, hidden_d, kernel_size=1)

    def forward(self, x):
        x = torch.add(x, self.mix(self.first_norm(x)))
        y = self.second_norm(x).transpose(1, 2)
        y = self.conv_down(nn.functional.gelu(self.conv_up(y)))
        return torch.add(x, y.transpose(1, 2))


def maps(block):
    one, two, up, down = block.first_norm, block.second_norm, block.conv_up, block.conv_down
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight[..., 0], "b1": up.bias, "W2": down.weight[..., 0], "b2": down.bias,
    }  # fmt: skip
