"""Worked out by numpy in float64."""

import numpy as np
import torch


def get_positional_embeddings(sequence_length, d):
    pos = np.arange(sequence_length)[:, np.newaxis]
    i = np.arange(d)[np.newaxis, :]
    angles = pos / np.power(10000.0, (2 * (i // 2)) / d)
    angles[:, 0::2] = np.sin(angles[:, 0::2])
    angles[:, 1::2] = np.cos(angles[:, 1::2])
    return torch.from_numpy(angles.astype(np.float32))
