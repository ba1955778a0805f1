"""What became of one test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.telling import wording
from checks.telling.wording import Verdict


@dataclass(frozen=True)
class Outcome:
    """One test of a question, run or not.

    test      its number in its question: "q1.2"
    title     what it checks, in a sentence
    reported  whether it rests on what the student's process says of itself
    share     how much of its weight is earned, from 0 to 1
    message   for the student, as it stands
    details   for the teacher: a traceback, where the fault is ours
    error     the largest of its comparisons, in units of the tolerance
    """

    test: str
    question: str
    title: str
    weight: int
    hidden: bool
    reported: bool
    verdict: Verdict
    share: float = 0.0
    message: str = ""
    details: str = ""
    seconds: float = 0.0
    error: float = 0.0

    @property
    def claim(self) -> str:
        """What students read as its title: one that was not reached claims nothing of their code."""
        return Verdict.NOT_REACHED.value if self.verdict is Verdict.NOT_REACHED else self.title


def said_once(outcomes: Sequence[Outcome]) -> str:
    """Return what all tests say, where they say the same, or are not reached because of the first."""
    if not outcomes:
        return ""
    first = outcomes[0]
    because = {first.message, wording.fails_first(first.test)}
    return first.message if all(outcome.message in because for outcome in outcomes) else ""
