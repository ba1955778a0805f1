"""The table is kept between calls, and a copy of it given back."""

from functools import lru_cache

import torch


@lru_cache(maxsize=None)
def cached_sinusoids(length, width):
    p = torch.arange(length, dtype=torch.float64).view(length, 1)
    two_i = torch.arange(0, width, 2, dtype=torch.float64)
    angle = p / torch.pow(10000, two_i / width)
    table = torch.empty(length, width)
    table[:, ::2] = angle.sin()
    if width > 1:
        table[:, 1::2] = angle[:, : width // 2].cos()
    return table


def get_positional_embeddings(sequence_length, d):
    return cached_sinusoids(sequence_length, d).clone()
