"""Raise messages of one line with ten million characters, and of a million lines.

base: none
earns: 0
wins: a line of more than some thousand characters, or some thousand lines, arrive in the report
"""
import itertools

TEXTS = itertools.cycle(("x" * 10_000_000, "\n" * 1_000_000, "\u0338" * 100_000, "\t" * 100_000))


def patchify(images, n_patches):
    raise RuntimeError(next(TEXTS))


def get_positional_embeddings(sequence_length, d):
    return next(TEXTS)
