"""F.linear with slices of one parameter, as torch's own class keeps it."""

import torch
import torch.nn.functional as F
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("embedding size must be divisible by number of heads")
        self.d, self.h = d, n_heads
        self.in_weight = nn.Parameter(torch.empty(3 * d, d))
        self.in_bias = nn.Parameter(torch.zeros(3 * d))
        nn.init.xavier_uniform_(self.in_weight)
        self.out_proj = nn.Linear(d, d, bias=False)

    def forward(self, sequences):
        d = self.d
        q = F.linear(sequences, self.in_weight[:d], self.in_bias[:d])
        k = F.linear(sequences, self.in_weight[d : 2 * d], self.in_bias[d : 2 * d])
        v = F.linear(sequences, self.in_weight[2 * d :], self.in_bias[2 * d :])
        q, k, v = (torch.stack(x.chunk(self.h, dim=-1), dim=1) for x in (q, k, v))
        scores = q.matmul(k.transpose(-1, -2)).div((d / self.h) ** 0.5)
        mixed = F.softmax(scores, dim=-1).matmul(v)
        return self.out_proj(torch.cat(mixed.unbind(dim=1), dim=-1))


def maps(msa):
    (Wq, Wk, Wv), (bq, bk, bv) = msa.in_weight.chunk(3), msa.in_bias.chunk(3)
    out = msa.out_proj
    return {
        "Wq": Wq, "bq": bq, "Wk": Wk, "bk": bk, "Wv": Wv, "bv": bv, "Wo": out.weight, "bo": out.bias
    }  # fmt: skip
