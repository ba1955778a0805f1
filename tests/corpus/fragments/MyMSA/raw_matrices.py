"""Four matrices as parameters, multiplied from the right; no bias anywhere."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("heads do not divide d")
        self.n_heads = n_heads
        self.wq = nn.Parameter(torch.randn(d, d) / d**0.5)
        self.wk = nn.Parameter(torch.randn(d, d) / d**0.5)
        self.wv = nn.Parameter(torch.randn(d, d) / d**0.5)
        self.wo = nn.Parameter(torch.randn(d, d) / d**0.5)

    def forward(self, sequences):
        B, N, d = sequences.shape
        shape = (B, N, self.n_heads, d // self.n_heads)
        q = (sequences @ self.wq).reshape(shape)
        k = (sequences @ self.wk).reshape(shape)
        v = (sequences @ self.wv).reshape(shape)
        scores = torch.einsum("bqhe,bkhe->bhqk", q, k) / (d // self.n_heads) ** 0.5
        out = torch.einsum("bhqk,bkhe->bqhe", scores.softmax(-1), v)
        return out.reshape(B, N, d) @ self.wo


def maps(msa):
    return {"Wq": msa.wq.T, "Wk": msa.wk.T, "Wv": msa.wv.T, "Wo": msa.wo.T}
