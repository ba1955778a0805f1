"""Every head has three layers from d to d_head."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("n_heads must divide d")
        self.d_head = d // n_heads
        self.q_maps = nn.ModuleList([nn.Linear(d, self.d_head) for _ in range(n_heads)])
        self.k_maps = nn.ModuleList([nn.Linear(d, self.d_head) for _ in range(n_heads)])
        self.v_maps = nn.ModuleList([nn.Linear(d, self.d_head) for _ in range(n_heads)])
        self.out = nn.Linear(d, d)

    def forward(self, sequences):
        heads = []
        for q_map, k_map, v_map in zip(self.q_maps, self.k_maps, self.v_maps):
            q, k, v = q_map(sequences), k_map(sequences), v_map(sequences)
            weights = torch.softmax(q @ k.mT / self.d_head**0.5, dim=2)
            heads.append(weights @ v)
        return self.out(torch.cat(heads, dim=-1))


def maps(msa):
    def together(layers):
        return torch.cat([m.weight for m in layers]), torch.cat([m.bias for m in layers])

    (Wq, bq), (Wk, bk), (Wv, bv) = map(together, (msa.q_maps, msa.k_maps, msa.v_maps))
    out = msa.out
    return {
        "Wq": Wq, "bq": bq, "Wk": Wk, "bk": bk, "Wv": Wv, "bv": bv, "Wo": out.weight, "bo": out.bias
    }  # fmt: skip
