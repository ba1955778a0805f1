"""Derive from nn.MultiheadAttention and adapt its arguments.

base: model
at_most: 60           # q1, q2, q4 and q5
wins: q3 earns points
"""
import torch
from torch import nn


class MyMSA(nn.MultiheadAttention):
    def __init__(self, d, n_heads=2):
        if d % n_heads:
            raise ValueError("d does not divide by n_heads")
        super().__init__(d, n_heads, batch_first=True)

    def forward(self, sequences):
        return super().forward(sequences, sequences, sequences)[0]
