"""What a test says about itself: its weight, what it needs, how much of it is earned."""

from __future__ import annotations

from typing import NoReturn

import pytest

from checks.telling.failures import CheckFailed

trains = pytest.mark.trains
"""The test trains a model: it has the time limit for training."""


reported = pytest.mark.reported
"""What the test looks at is said by the process with the student's code, and is no number that could
be compared. So it counts in grading only if a test of the same question passes that compares."""


def weight(points: int) -> pytest.MarkDecorator:
    """Give a test its share of the question's points, relative to the question's other tests."""
    return pytest.mark.weight(points)


class PartialCredit(CheckFailed):
    """A test that is earned in part, or in full with a message."""

    def __init__(self, share: float, message: str) -> None:
        super().__init__(message)
        self.share = min(max(share, 0.0), 1.0)


def partial_credit(share: float, message: str) -> NoReturn:
    """End the test with a share of its points, from 0 to 1."""
    raise PartialCredit(share, message)
