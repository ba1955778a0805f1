"""exp of log_softmax; scores as sums of products."""

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d is not a multiple of n_heads")
        self.n_heads = n_heads
        self.maps_in = nn.ModuleDict({name: nn.Linear(d, d) for name in ("q", "k", "v")})
        self.map_out = nn.Linear(d, d)

    def forward(self, sequences):
        B, N, d = sequences.shape
        parts = {}
        for name, layer in self.maps_in.items():
            parts[name] = layer(sequences).view(B, N, self.n_heads, d // self.n_heads)
        products = parts["q"].unsqueeze(2) * parts["k"].unsqueeze(1)
        scores = products.sum(dim=-1) / (d / self.n_heads) ** 0.5
        shares = torch.log_softmax(scores, dim=2).exp()
        out = (shares.unsqueeze(-1) * parts["v"].unsqueeze(1)).sum(dim=2)
        return self.map_out(out.flatten(2))


def maps(msa):
    found = {"Wo": msa.map_out.weight, "bo": msa.map_out.bias}
    for name, layer in msa.maps_in.items():
        found[f"W{name}"], found[f"b{name}"] = layer.weight, layer.bias
    return found
