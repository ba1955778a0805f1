"""Feature f belongs to head f % n_heads."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d must divide by n_heads")
        self.n_heads = n_heads
        self.lq = nn.Linear(d, d)
        self.lk = nn.Linear(d, d)
        self.lv = nn.Linear(d, d)
        self.lo = nn.Linear(d, d)

    def forward(self, sequences):
        B, N, d = sequences.shape
        dh = d // self.n_heads

        def comb(x):
            return x.reshape(B, N, dh, self.n_heads).permute(0, 3, 1, 2)

        q, k, v = comb(self.lq(sequences)), comb(self.lk(sequences)), comb(self.lv(sequences))
        a = torch.softmax(q @ k.transpose(-1, -2) / dh**0.5, -1)
        return self.lo((a @ v).permute(0, 2, 3, 1).reshape(B, N, d))


def maps(msa):
    d = msa.lq.weight.shape[0]
    order = torch.arange(d).reshape(-1, msa.n_heads).T.flatten()  # head after head
    found = {"Wo": msa.lo.weight[:, order], "bo": msa.lo.bias}
    for letter in "qkv":
        layer = getattr(msa, f"l{letter}")
        found[f"W{letter}"], found[f"b{letter}"] = layer.weight[order], layer.bias[order]
    return found
