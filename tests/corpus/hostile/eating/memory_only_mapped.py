"""Map terabytes of memory without touching them.

base: solution
earns: 95
wins: the machine refuses memory to others
"""
import mmap

import numpy as np
import torch

for allocate in (
    lambda: mmap.mmap(-1, 1 << 42),
    lambda: mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
    lambda: np.empty(1 << 38, dtype=np.uint8),
    lambda: torch.empty(1 << 38, dtype=torch.uint8),
):
    try:
        allocate()
    except BaseException:
        pass
