"""Parameters of three axes, one slice a head; the heads' results are summed."""

import torch
from torch import einsum, nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads > 0:
            raise ValueError(f"{d=} is not divisible by {n_heads=}")
        d_head = d // n_heads
        self.scale = d_head**-0.5
        self.W_Q = nn.Parameter(torch.empty(n_heads, d, d_head))
        self.W_K = nn.Parameter(torch.empty(n_heads, d, d_head))
        self.W_V = nn.Parameter(torch.empty(n_heads, d, d_head))
        self.W_O = nn.Parameter(torch.empty(n_heads, d_head, d))
        self.b_V = nn.Parameter(torch.zeros(d))
        for weight in (self.W_Q, self.W_K, self.W_V, self.W_O):
            nn.init.normal_(weight, std=0.2)

    def forward(self, sequences):
        q = einsum("bnd,hde->bhne", sequences, self.W_Q)
        k = einsum("bnd,hde->bhne", sequences, self.W_K)
        v = einsum("bnd,hde->bhne", sequences, self.W_V)
        v = v + self.b_V.view(v.shape[1], 1, v.shape[3])
        pattern = torch.softmax(einsum("bhqe,bhke->bhqk", q, k) * self.scale, dim=-1)
        z = einsum("bhqk,bhke->bhqe", pattern, v)
        return einsum("bhne,hed->bnd", z, self.W_O)


def maps(msa):
    def rows(weight):
        return weight.transpose(1, 2).flatten(0, 1)

    return {
        "Wq": rows(msa.W_Q),
        "Wk": rows(msa.W_K),
        "Wv": rows(msa.W_V),
        "bv": msa.b_V,
        "Wo": msa.W_O.flatten(0, 1).T,
    }
