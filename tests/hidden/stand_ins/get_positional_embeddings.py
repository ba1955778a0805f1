"""Stands in for get_positional_embeddings while LightViT is tested."""

import torch


def get_positional_embeddings(sequence_length, d, *args, **kwargs):
    table = torch.zeros(sequence_length, d)
    place = torch.arange(sequence_length).double()
    for pair in range(0, d, 2):
        angle = place * 10000.0 ** (-pair / d)
        table[:, pair] = angle.sin()
        table[:, pair + 1 : pair + 2] = angle.cos()[:, None]
    return table
