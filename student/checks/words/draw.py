"""The random numbers of a test: drawn where the test runs, from the run's seed and the test's name."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor


class Draw:
    """draw(2, 5, 8) is a tensor of standard normal numbers, float32 unless torch's default is not."""

    def __init__(self, seed: int, test: str) -> None:
        self.generator = np.random.default_rng([seed, zlib.crc32(test.encode())])

    def __call__(self, *shape: int) -> Tensor:
        return torch.from_numpy(self.generator.standard_normal(shape)).to(torch.get_default_dtype())

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw whole numbers, low <= n < high, as int64."""
        return torch.from_numpy(self.generator.integers(low, high, shape))

    def one(self, *choices: int) -> int:
        """Draw one of the choices."""
        return int(self.generator.choice(choices))
