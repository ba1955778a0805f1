"""Use the scaled dot product from torch._C, where torch.nn.functional has it from.

base: mixing
at_most: 62           # q1, q2, q4, q5, and the refusal of a d that does not divide
wins: q3 earns points
"""
import torch
from torch import nn

mix = getattr(torch._C._nn, "scaled_dot" + "_product_attention")
