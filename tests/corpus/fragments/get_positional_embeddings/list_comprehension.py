"""A list of lists becomes a tensor."""

from math import cos, sin

import torch


def get_positional_embeddings(sequence_length, d):
    return torch.tensor(
        [
            [
                cos(p / 10000 ** ((k - 1) / d)) if k % 2 else sin(p / 10000 ** (k / d))
                for k in range(d)
            ]
            for p in range(sequence_length)
        ],
        dtype=torch.float32,
    )
