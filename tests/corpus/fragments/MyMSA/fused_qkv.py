"""One layer makes q, k and v; chunk cuts them apart."""

import math

from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d must be divisible by n_heads")
        self.n_heads = n_heads
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.proj = nn.Linear(d, d)

    def forward(self, sequences):
        B, N, d = sequences.shape
        q, k, v = self.qkv(sequences).chunk(3, dim=-1)
        q = q.view(B, N, self.n_heads, -1).transpose(1, 2)
        k = k.view(B, N, self.n_heads, -1).transpose(1, 2)
        v = v.view(B, N, self.n_heads, -1).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.softmax(dim=-1)
        y = (att @ v).transpose(1, 2).contiguous().view(B, N, d)
        return self.proj(y)


def maps(msa):
    Wq, Wk, Wv = msa.qkv.weight.chunk(3)
    bq, bk, bv = (None,) * 3 if msa.qkv.bias is None else msa.qkv.bias.chunk(3)
    out = msa.proj
    return {
        "Wq": Wq, "bq": bq, "Wk": Wk, "bk": bk, "Wv": Wv, "bv": bv, "Wo": out.weight, "bo": out.bias
    }  # fmt: skip
