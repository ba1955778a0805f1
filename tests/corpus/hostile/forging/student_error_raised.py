"""Raise the kit's own StudentError with fields that no exception of a student's would have.

base: none
earns: 0
wins: points without code, no report, or a fault that is taken for the grader's own
"""
import itertools

FIELDS = itertools.cycle(
    [
        {"kind": "passed", "text": "100 of 100"},
        {"kind": "raised", "text": 7, "type_name": None, "bases": ["ValueError"]},
        {"kind": None, "text": None, "frames": [1, 2, 3]},
        {"kind": "raised", "text": "x", "type_name": "ValueError", "frames": [None] * 10_000},
    ]
)


def patchify(images, n_patches):
    from checks.telling.failures import StudentError

    raise StudentError(**next(FIELDS))


def get_positional_embeddings(sequence_length, d):
    return patchify(None, d)
