"""The MLP is a class of its own, with dropout that is off by default."""

from torch import nn


class FeedForward(nn.Module):
    def __init__(self, d, hidden, dropout=0.0):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, d),
            nn.Dropout(dropout),
        )

    def forward(self, x):
        return self.net(x)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, dropout=0.0):
        super().__init__()
        self.norm_a = nn.LayerNorm(hidden_d)
        self.norm_b = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(d=hidden_d, n_heads=n_heads)
        self.ff = FeedForward(hidden_d, mlp_ratio * hidden_d, dropout)

    def forward(self, x):
        x = self.msa(self.norm_a(x)) + x
        x = self.ff(self.norm_b(x)) + x
        return x


def maps(block):
    one, two, up, down = block.norm_a, block.norm_b, block.ff.net[0], block.ff.net[3]
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
