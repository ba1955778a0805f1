"""Loop for ever whenever patches are cut.

base: solution
at_most: 80           # all but q1
wins: the grading takes longer than its limits, or other questions lose points
"""
import torch


def loop(*args):
    while True:
        pass


torch.Tensor.permute = loop
