"""The statistics of a class: how scores are spread, and how well a check tells students apart."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

POOR = 0.2  # a discrimination below this is usually called poor
ENOUGH = 5  # of those who pass and of those who do not, before anything is said of it


@dataclass(frozen=True)
class Spread:
    """How the scores of some students are spread. None where there are too few to tell."""

    count: int
    mean: float | None = None
    deviation: float | None = None
    lowest: float | None = None
    quartiles: tuple[float, float, float] | None = None
    highest: float | None = None


def spread(scores: Sequence[float]) -> Spread:
    """Return mean, standard deviation of the sample, and quartiles."""
    if not scores:
        return Spread(0)
    mean, ends = statistics.fmean(scores), (min(scores), max(scores))
    if len(scores) == 1:
        return Spread(1, mean, None, ends[0], (mean, mean, mean), ends[1])
    low, middle, high = statistics.quantiles(scores, n=4, method="inclusive")
    deviation = statistics.stdev(scores)
    return Spread(len(scores), mean, deviation, ends[0], (low, middle, high), ends[1])


@dataclass
class Item:
    """What a class did with one check, to be worked out at the end.

    passed  whether each student passes it
    rests   the points of the same students without this check's
    earned  the shares of its points, summed up
    """

    passed: list[bool] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    earned: float = 0.0

    def add(self, passed: bool, share: float, rest: float) -> None:
        self.passed.append(passed)
        self.earned += share
        self.rests.append(round(rest, 6))  # what is the same but for rounding is the same

    @property
    def difficulty(self) -> float:
        """The share of its points that is earned: 1 is an easy check."""
        return self.earned / len(self.passed)

    @property
    def discrimination(self) -> float | None:
        """The point-biserial correlation with the rest of the score; None if there is none.

        The check itself is taken out of the score: with it, a check would agree with itself.
        """
        if len(set(self.passed)) < 2 or len(set(self.rests)) < 2:
            return None
        return statistics.correlation([float(one) for one in self.passed], self.rests)

    @property
    def is_poor(self) -> bool:
        """Whether those who pass it do no better elsewhere, as far as so many can tell."""
        passed = sum(self.passed)
        found = self.discrimination
        enough = min(passed, len(self.passed) - passed) >= ENOUGH
        return enough and found is not None and found < POOR
