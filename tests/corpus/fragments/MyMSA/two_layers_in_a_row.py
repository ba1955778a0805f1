"""Queries pass through two layers, one after the other."""

import math

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d % n_heads must be 0")
        self.n_heads = n_heads
        self.to_q = nn.Sequential(nn.Linear(d, d), nn.Linear(d, d))
        self.to_k = nn.Linear(d, d)
        self.to_v = nn.Linear(d, d)

    def split(self, x):
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)

    def forward(self, sequences):
        q, k, v = (self.split(f(sequences)) for f in (self.to_q, self.to_k, self.to_v))
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), dim=-1)
        return (weights @ v).transpose(1, 2).flatten(2)


def maps(msa):
    first, second = msa.to_q
    return {
        "Wq": second.weight @ first.weight,
        "bq": second.weight @ first.bias + second.bias,
        "Wk": msa.to_k.weight,
        "bk": msa.to_k.bias,
        "Wv": msa.to_v.weight,
        "bv": msa.to_v.bias,
    }
