"""How near a test's comparisons came to their tolerance: what calibrates the tolerances."""

from __future__ import annotations

import math

_largest = 0.0  # of the test that runs


def begin() -> None:
    """Forget the comparisons of the test before."""
    global _largest
    _largest = 0.0


def noted(error: float) -> float:
    """Keep the error of a comparison that decides, in units of its tolerance, and return it."""
    global _largest
    _largest = max(_largest, error if error == error else math.inf)
    return error


def largest() -> float:
    """Return the largest error of the test so far: above 1, the test has failed for it."""
    return _largest
