"""Two grids of positions and columns; a mask picks sine or cosine."""

import torch


def get_positional_embeddings(sequence_length, d):
    pos, col = torch.meshgrid(torch.arange(sequence_length), torch.arange(d), indexing="ij")
    i = torch.div(col, 2, rounding_mode="floor")
    angle = pos.double() / 10000.0 ** (2 * i.double() / d)
    mask = (col % 2).double()
    return ((1 - mask) * angle.sin() + mask * angle.cos()).float()
