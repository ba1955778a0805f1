"""A cosine is a sine a quarter of a turn further."""

import math

import torch


def get_positional_embeddings(sequence_length, d):
    column = torch.arange(d, dtype=torch.float64)
    odd = column % 2
    angle = torch.arange(sequence_length).unsqueeze(1) * 10000 ** (-(column - odd) / d)
    return torch.sin(angle + odd * math.pi / 2).float()
