"""Three layers of d features, split by reshape; no output map."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"can't divide dimension {d} into {n_heads} heads")
        self.n_heads = n_heads
        self.d_head = d // n_heads
        self.query = nn.Linear(d, d)
        self.key = nn.Linear(d, d)
        self.value = nn.Linear(d, d)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, sequences):
        b, n, d = sequences.shape
        q = self.query(sequences).reshape(b, n, self.n_heads, self.d_head).permute(0, 2, 1, 3)
        k = self.key(sequences).reshape(b, n, self.n_heads, self.d_head).permute(0, 2, 1, 3)
        v = self.value(sequences).reshape(b, n, self.n_heads, self.d_head).permute(0, 2, 1, 3)
        scores = torch.matmul(q, k.transpose(2, 3)) / (self.d_head**0.5)
        out = torch.matmul(self.softmax(scores), v)
        return out.permute(0, 2, 1, 3).reshape(b, n, d)


def maps(msa):
    return {
        "Wq": msa.query.weight,
        "bq": msa.query.bias,
        "Wk": msa.key.weight,
        "bk": msa.key.bias,
        "Wv": msa.value.weight,
        "bv": msa.value.bias,
    }
