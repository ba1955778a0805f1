"""One class normalises, calls and adds."""

from torch import nn


class PreNormResidual(nn.Module):
    def __init__(self, d, inner):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.inner = inner

    def forward(self, x):
        return x + self.inner(self.norm(x))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        mlp = nn.Sequential(
            nn.Linear(hidden_d, int(hidden_d * mlp_ratio)),
            nn.GELU(approximate="tanh"),
            nn.Linear(int(hidden_d * mlp_ratio), hidden_d),
        )
        self.steps = nn.Sequential(
            PreNormResidual(hidden_d, MyMSA(hidden_d, n_heads)), PreNormResidual(hidden_d, mlp)
        )

    def forward(self, x):
        return self.steps(x)


def maps(block):
    one, two = (step.norm for step in block.steps)
    up, _, down = block.steps[1].inner
    return {
        "g1": one.weight, "c1": one.bias, "g2": two.weight, "c2": two.bias,
        "W1": up.weight, "b1": up.bias, "W2": down.weight, "b2": down.bias,
    }  # fmt: skip
