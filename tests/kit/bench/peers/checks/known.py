"""What the checks of every peer compare with: numbered patches, torch's own attention."""

import torch
from torch import nn

IMAGES = torch.arange(16.0).reshape(1, 1, 4, 4)
PATCHES = torch.tensor([[[0.0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]])


def attention(d=10, n_heads=2):
    """Return sequences, what two heads make of them, and the weights by the solution's names."""
    torch.manual_seed(0)
    known, x = nn.MultiheadAttention(d, n_heads, batch_first=True), torch.randn(2, 5, d)
    weights = {"out_map.weight": known.out_proj.weight, "out_map.bias": known.out_proj.bias}
    for name, weight, bias in zip(
        ("q_map", "k_map", "v_map"), known.in_proj_weight.chunk(3), known.in_proj_bias.chunk(3)
    ):
        weights |= {f"{name}.weight": weight, f"{name}.bias": bias}
    weights = {name: weight.detach() for name, weight in weights.items()}
    return x, known(x, x, x)[0].detach(), weights
