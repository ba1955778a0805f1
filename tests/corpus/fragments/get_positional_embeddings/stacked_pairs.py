"""Sines and cosines stacked as pairs, flattened, cut to d."""

import torch


def get_positional_embeddings(sequence_length, d):
    frequencies = 1.0 / 10000 ** (torch.arange(0, d, 2, dtype=torch.float64) / d)
    angles = torch.outer(torch.arange(sequence_length, dtype=torch.float64), frequencies)
    pairs = torch.stack([angles.sin(), angles.cos()], dim=-1)
    return pairs.flatten(1)[:, :d].to(torch.float32)
