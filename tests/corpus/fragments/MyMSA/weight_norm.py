"""Layers with torch's weight_norm around them."""

from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("not divisible")
        self.heads = n_heads
        self.q = weight_norm(nn.Linear(d, d))
        self.k = weight_norm(nn.Linear(d, d))
        self.v = weight_norm(nn.Linear(d, d))
        self.o = nn.Linear(d, d)

    def forward(self, sequences):
        B, N, d = sequences.shape
        size = d // self.heads
        q = self.q(sequences).view(B, N, self.heads, size).transpose(1, 2)
        k = self.k(sequences).view(B, N, self.heads, size).permute(0, 2, 3, 1)
        v = self.v(sequences).view(B, N, self.heads, size).transpose(1, 2)
        a = ((q @ k) / size**0.5).softmax(-1)
        return self.o((a @ v).transpose(1, 2).reshape(B, N, d))


def maps(msa):
    found = {}
    for letter in "qkvo":
        layer = getattr(msa, letter)
        found[f"W{letter}"], found[f"b{letter}"] = layer.weight, layer.bias
    return found
