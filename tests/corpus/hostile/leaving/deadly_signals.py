"""Die by one of several signals each time that patches are cut.

base: solution
at_most: 80           # all but q1; torch itself may use permute, too
wins: no report, or other questions lose points
"""
import os
import signal

import torch

NAMES = ("SIGABRT", "SIGILL", "SIGFPE", "SIGBUS", "SIGSYS", "SIGTRAP", "SIGKILL", "SIGRTMIN")


def die(*args):
    number = getattr(signal, NAMES[os.getpid() % len(NAMES)])
    os.kill(os.getpid(), number)
    raise RuntimeError("still here")


torch.Tensor.permute = die
