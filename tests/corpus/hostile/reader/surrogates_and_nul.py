"""Raise exceptions with halves of characters, NUL and code points that no encoding has.

base: none
earns: 0
wins: a control character or a surrogate arrives in the report, or the report cannot be written
"""
import itertools

TEXTS = itertools.cycle(
    ("\ud800", "\udfff\ud800", "a\x00b", "\udc80\udcff", "\ufffe\uffff", "\U0010ffff", "\ue000")
)


def patchify(images, n_patches):
    raise RuntimeError(next(TEXTS) * 10)


def get_positional_embeddings(sequence_length, d):
    return {next(TEXTS): [next(TEXTS)]}
