"""Heads are folded into the batch, for torch.bmm; keys and values share a layer."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"{d} % {n_heads} != 0")
        self.n_heads = n_heads
        self.q_layer = nn.Linear(d, d)
        self.kv_layer = nn.Linear(d, 2 * d)

    def fold(self, x):
        B, N, d = x.shape
        x = x.view(B, N, self.n_heads, d // self.n_heads).transpose(1, 2)
        return x.reshape(B * self.n_heads, N, d // self.n_heads)

    def forward(self, sequences):
        B, N, d = sequences.shape
        k, v = self.kv_layer(sequences).split(d, dim=-1)
        q, k, v = self.fold(self.q_layer(sequences)), self.fold(k), self.fold(v)
        q = q / q.size(-1) ** 0.5
        shares = torch.bmm(q, k.transpose(1, 2)).softmax(dim=2)
        out = torch.bmm(shares, v).view(B, self.n_heads, N, -1)
        return out.transpose(1, 2).reshape(B, N, d)


def maps(msa):
    (Wk, Wv), (bk, bv) = msa.kv_layer.weight.chunk(2), msa.kv_layer.bias.chunk(2)
    q = msa.q_layer
    return {"Wq": q.weight, "bq": q.bias, "Wk": Wk, "bk": bk, "Wv": Wv, "bv": bv}
