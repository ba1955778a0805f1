"""What a measurement promises of the data it returns: more than Python's types say.

The promises stand in the annotation of what is returned. Here they bind nobody; the grader holds what
it was sent against them, for whoever answers there may not be our measurement any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

MOST_NUMBERS = 4_000_000  # in all tensors of one measurement together
MOST_ITEMS = 2000  # of a list: calls of a part, places, names
LONGEST = 500  # characters of a name
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Within:
    """A number that is not smaller than that. NaN is no number."""

    least: float

    def holds(self, value: float) -> bool:
        return value >= self.least


@dataclass(frozen=True)
class Items:
    """A list, a dict or a text has that many items."""

    least: int = 0
    most: int = MOST_ITEMS

    def holds(self, value: list[object] | dict[str, object] | str) -> bool:
        return self.least <= len(value) <= self.most


@dataclass(frozen=True)
class Like:
    """A text that this pattern matches from end to end."""

    pattern: str

    def holds(self, value: str) -> bool:
        return len(value) <= LONGEST and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True)
class Floating:
    """A tensor of floating-point numbers, no more than can be looked at.

    axes   how many it has; None: any number
    """

    axes: int | None = None

    def holds(self, value: Tensor) -> bool:
        # A side may be 0 and another one then as long as it likes.
        small = max(value.shape, default=1) <= MOST_NUMBERS and value.numel() <= MOST_NUMBERS
        return value.dtype in FLOATS and small and self.axes in (None, value.dim())


@dataclass(frozen=True)
class Together:
    """Tensors that together have no more numbers than can be looked at."""

    most: int = MOST_NUMBERS

    def holds(self, value: dict[str, Tensor]) -> bool:
        return sum(tensor.numel() for tensor in value.values()) <= self.most


Count = Annotated[int, Within(0)]
Name = Annotated[str, Items(most=LONGEST)]
Names = Annotated[list[Name], Items()]
Numbers = Annotated[Tensor, Floating()]


def is_floating(value: object) -> bool:
    """Whether this is a tensor that keeps the promise of `Numbers`, however large it is."""
    return (
        isinstance(value, Tensor)
        and value.dtype in FLOATS
        and value.layout is torch.strided
        and value.device.type != "meta"
    )
