"""One column after the other."""

import torch


def get_positional_embeddings(sequence_length, d):
    positions = torch.arange(sequence_length, dtype=torch.double)
    columns = []
    for j in range(d):
        angle = positions / 10_000 ** (2 * (j // 2) / d)
        columns.append(torch.cos(angle) if j % 2 == 1 else torch.sin(angle))
    return torch.stack(columns, dim=1).float()
