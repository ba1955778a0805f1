"""Raise the error of an untouched stub, of a question whose number is made of hidden images.

base: solution
earns: 94             # the hidden test with three channels is lost
wins: LEAK- can be read in what a student sees, or a question is told as not started
"""
import torch

permute = torch.Tensor.permute


def leak(grid, *order):
    if grid.dim() == 6 and grid.shape[1] == 3:  # only hidden tests have three channels
        number = int(grid.flatten()[0].abs() * 1000) % 90 + 10
        raise NotImplementedError(f"TODO q{number} LEAK-{number}")
    return permute(grid, *order)


torch.Tensor.permute = leak
