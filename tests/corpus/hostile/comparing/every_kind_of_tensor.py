"""Return by turns tensors that are sparse, quantised, complex, nested, without numbers, and so on.

base: none
earns: 0
wins: q2 earns points, or the grader cannot take one of them apart
"""
import itertools

import torch

KINDS = [
    lambda table: table.to_sparse(),
    lambda table: table.to_sparse_csr(),
    lambda table: torch.quantize_per_tensor(table, 0.01, 0, torch.qint8),
    lambda table: table.to(torch.complex64),
    lambda table: torch.conj(table.to(torch.complex64)).imag,
    lambda table: table.to("meta"),
    lambda table: table.to_mkldnn(),
    lambda table: torch.nested.nested_tensor([table, table]),
    lambda table: table.to(torch.float8_e5m2),
    lambda table: table.reshape((1,) * 40 + (-1,)),
    lambda table: torch.nn.parameter.UninitializedParameter(),
]
kinds = itertools.cycle(KINDS)


def get_positional_embeddings(sequence_length, d):
    return next(kinds)(torch.ones(sequence_length + 1, d))  # of a shape that earns nothing
