"""A class for one head; attention is a list of them."""

import torch
import torch.nn.functional as F
from torch import nn


class OneHead(nn.Module):
    def __init__(self, d, d_head):
        super().__init__()
        self.key = nn.Linear(d, d_head, bias=False)
        self.query = nn.Linear(d, d_head, bias=False)
        self.value = nn.Linear(d, d_head, bias=False)

    def forward(self, x):
        k, q = self.key(x), self.query(x)
        wei = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        wei = F.softmax(wei, dim=-1)
        return wei @ self.value(x)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d must be a multiple of n_heads")
        self.heads = nn.ModuleList(OneHead(d, d // n_heads) for _ in range(n_heads))
        self.proj = nn.Linear(d, d)

    def forward(self, sequences):
        return self.proj(torch.cat([head(sequences) for head in self.heads], dim=-1))


def maps(msa):
    found = {"Wo": msa.proj.weight, "bo": msa.proj.bias}
    for name in ("query", "key", "value"):
        layers = [getattr(head, name) for head in msa.heads]
        letter = name[0]
        found[f"W{letter}"] = torch.cat([layer.weight for layer in layers])
        if layers[0].bias is not None:
            found[f"b{letter}"] = torch.cat([layer.bias for layer in layers])
    return found
