"""Two loops and math, one number at a time."""

import math

import torch


def get_positional_embeddings(sequence_length, d):
    result = torch.ones(sequence_length, d)
    for i in range(sequence_length):
        for j in range(d):
            if j % 2 == 0:
                result[i][j] = math.sin(i / (10000 ** (j / d)))
            else:
                result[i][j] = math.cos(i / (10000 ** ((j - 1) / d)))
    return result
