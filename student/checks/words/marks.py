"""What a test says about itself: its weight, what it builds on, how much of it is earned."""

from __future__ import annotations

from typing import NoReturn

import pytest

from checks.telling.failures import CheckFailed

trains = pytest.mark.trains
"""The test trains a model: it has the time limit for training."""


reported = pytest.mark.reported
"""What the test looks at is said by the process with the student's code, and is no number that could
be compared. So it counts only beside the question's evidence, or else beside a test that compares."""


evidence = pytest.mark.evidence
"""The test shows that the code computes something, right or wrong. It compares numbers."""


law = pytest.mark.law
"""What the test asks for is also true of code that computes nothing (shapes are kept, two calls agree).
So it counts only beside the question's evidence."""


def weight(points: int) -> pytest.MarkDecorator:
    """Give a test its share of the question's points, relative to the question's other tests."""
    if not isinstance(points, int) or points < 1:
        raise ValueError(
            f"@weight({points!r}): write a whole number from 1 on, or leave the test out"
        )
    return pytest.mark.weight(points)


def builds_on(*tests: str) -> pytest.MarkDecorator:
    """Name tests of the same question, by their functions, that this one takes for granted.

    Where one of them fails, so may this one, whatever becomes of its own law. A failure of it is told
    as "not reached" then: only what it builds on is known to be wrong.
    """
    return pytest.mark.builds_on(*tests)


def stands_on(question: str) -> pytest.MarkDecorator:
    """Let the test count only where at least half of another question is earned: that of its subject."""
    return pytest.mark.stands_on(question)


class PartialCredit(CheckFailed):
    """A test that is earned in part, or in full with a message."""

    def __init__(self, share: float, message: str) -> None:
        super().__init__(message)
        self.share = min(max(share, 0.0), 1.0)


def partial_credit(share: float, message: str) -> NoReturn:
    """End the test with a share of its points, from 0 to 1."""
    raise PartialCredit(share, message)
