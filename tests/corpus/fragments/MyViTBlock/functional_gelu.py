"""Two layers and F.gelu, tanh approximation."""

import torch.nn.functional as F
from torch import nn


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.ln_1 = nn.LayerNorm(hidden_d, eps=1e-6)
        self.attn = MyMSA(hidden_d, n_heads)
        self.ln_2 = nn.LayerNorm(hidden_d, eps=1e-6)
        self.fc1 = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        self.fc2 = nn.Linear(hidden_d * mlp_ratio, hidden_d)

    def mlp(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        return x


def maps(block):
    one, two, up, down = block.ln_1, block.ln_2, block.fc1, block.fc2
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
