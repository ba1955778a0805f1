"""Use nn.TransformerEncoderLayer as the block, beside an attention of its own.

base: model
at_most: 70           # q1, q2, q3 and q5
wins: q4 earns points
"""
import math

import torch
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d does not divide by n_heads")
        self.n_heads = n_heads
        self.q_map, self.k_map, self.v_map = (nn.Linear(d, d) for _ in range(3))

    def forward(self, sequences):
        maps = (self.q_map, self.k_map, self.v_map)
        q, k, v = (m(sequences).unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for m in maps)
        gathered = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v
        return gathered.transpose(1, 2).flatten(2)


class MyViTBlock(nn.TransformerEncoderLayer):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        sizes = (hidden_d, n_heads, mlp_ratio * hidden_d)
        ways = {"activation": "gelu", "batch_first": True, "norm_first": True}
        super().__init__(*sizes, dropout=0.0, **ways)

    def forward(self, x):
        return super().forward(x)
