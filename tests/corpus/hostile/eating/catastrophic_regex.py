"""Match an expression that backtracks for ever, in C and without a way to interrupt it.

base: solution
at_most: 80           # all but q2
wins: the grading takes longer than its limits, or other questions lose points
"""
import re

import torch


def match(*args):
    raise RuntimeError(re.match(r"(a+)+$", "a" * 60 + "b"))


torch.where = match
