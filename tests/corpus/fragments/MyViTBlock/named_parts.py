"""An OrderedDict names the layers; the skip connection is kept in a variable."""

from collections import OrderedDict

from torch import nn


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.layer_norm_1 = nn.LayerNorm(hidden_d)
        self.layer_norm_2 = nn.LayerNorm(hidden_d)
        self.multi_head = MyMSA(hidden_d, n_heads)
        layers = OrderedDict()
        layers["up"] = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        layers["gelu"] = nn.GELU()
        layers["down"] = nn.Linear(hidden_d * mlp_ratio, hidden_d)
        self.mlp = nn.Sequential(layers)

    def forward(self, x):
        residual = x
        x = self.layer_norm_1(x)
        x = self.multi_head(x)
        x = x + residual
        residual = x
        x = self.layer_norm_2(x)
        x = self.mlp(x)
        return x + residual


def maps(block):
    one, two, up, down = block.layer_norm_1, block.layer_norm_2, block.mlp.up, block.mlp.down
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
