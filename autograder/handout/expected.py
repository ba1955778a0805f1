"""Write what visible checks expect, as numbers: solution/expected.py says for which inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FIRST_MODULE
from autograder.assignment.sources import run_source, solution

SOURCE = "expected.py"  # in solution/
DIGITS = 8  # of a number: float32 has fewer


@dataclass(frozen=True)
class Expected:
    """One right answer, and the mistaken ones that are named.

    of     what is called
    sizes  of its input
    right  nested lists of numbers
    slips  sentence -> the numbers that come out by that mistake
    """

    of: str
    sizes: Mapping[str, int]
    right: Any
    slips: Mapping[str, Any] = field(default_factory=dict)


def written(assignment: Assignment) -> bytes:
    """Return the file's content: a line for each right answer. Raises KitError."""
    cases = run_source(assignment.solution / SOURCE).expected(solution(assignment)[FIRST_MODULE])
    lines = ",\n".join(json.dumps(asdict(one)) for one in cases)
    title = f"by `autograder student`, from solution/{SOURCE} and the reference solution"
    return f'{{"generated": "{title}",\n"expected": [\n{lines}\n]}}\n'.encode()


def numbers_of(tensor: Tensor) -> Any:
    """Return a tensor as nested lists, whole numbers as such."""
    if tensor.dim():
        return [numbers_of(one) for one in tensor]
    number = float(f"{tensor.item():.{DIGITS}g}")
    return int(number) if number.is_integer() else number
