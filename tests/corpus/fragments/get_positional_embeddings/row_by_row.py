"""A function for one position, stacked over all."""

import numpy as np
import torch


def angles_of_position(position, d):
    return [position / np.power(10000, 2 * (j // 2) / d) for j in range(d)]


def get_positional_embeddings(sequence_length, d):
    table = np.array([angles_of_position(p, d) for p in range(sequence_length)])
    table[:, 0::2] = np.sin(table[:, 0::2])
    table[:, 1::2] = np.cos(table[:, 1::2])
    return torch.FloatTensor(table)
