"""exp(i * angle): the real part is the cosine, the imaginary part the sine."""

import torch


def get_positional_embeddings(sequence_length, d):
    half = (d + 1) // 2
    rate = torch.pow(10000.0, -2 * torch.arange(half, dtype=torch.float64) / d)
    angle = torch.arange(sequence_length, dtype=torch.float64)[:, None] * rate
    turn = torch.polar(torch.ones_like(angle), angle)
    both = torch.view_as_real(turn).flip(-1)
    return both.reshape(sequence_length, 2 * half)[:, :d].float()
