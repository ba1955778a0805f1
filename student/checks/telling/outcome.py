"""What became of one test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from checks.telling import wording
from checks.telling.wording import Verdict


@dataclass(frozen=True)
class Outcome:
    """One test of a question, run or not.

    test      its number in its question: "q1.2"
    title     what it checks, in a sentence
    reported  whether it rests on what the student's process says of itself
    law       whether what it asks for is also true of code that computes nothing
    evidence  whether it shows that the code computes something
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
    law: bool = False
    evidence: bool = False

    @property
    def told(self) -> Verdict:
        """Its verdict as it is read: what stands beside a part of the points is not "failed"."""
        is_part = self.verdict is Verdict.FAILED and self.share > 0
        return Verdict.PARTLY if is_part else self.verdict

    @property
    def claim(self) -> str:
        """What students read as its title: one that was not reached claims nothing of their code."""
        return Verdict.NOT_REACHED.value if self.verdict is Verdict.NOT_REACHED else self.title


def share_of(outcomes: Sequence[Outcome]) -> float:
    """Return what share of a question its tests earn."""
    total = sum(outcome.weight for outcome in outcomes)
    return sum(o.weight * o.share for o in counted(outcomes)) / total if total else 0.0


def counted(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Let what a file without any solution could earn count only beside a sign of one.

    outcomes   of one question, as the tests ended

    Such are laws that hold for code that computes nothing, and what a process says of itself. The sign
    is the question's evidence; where there is none, a comparison of numbers that has passed.
    """
    evidence = [outcome for outcome in outcomes if outcome.evidence]
    if evidence:
        shown = all(outcome.share > 0 for outcome in evidence)
        said = wording.counts_beside(evidence[0].test)
    else:
        others = [o for o in outcomes if not (o.reported or o.law)]  # at home there may be none
        shown = not others or any(outcome.share > 0 for outcome in others)
        said = wording.NOT_COUNTED
    if shown:
        return tuple(outcomes)
    return tuple(_void(o, said) if o.share and (o.reported or o.law) else o for o in outcomes)


def _void(outcome: Outcome, said: str) -> Outcome:
    return replace(outcome, verdict=Verdict.NOT_REACHED, share=0.0, message=said)


def said_once(outcomes: Sequence[Outcome]) -> str:
    """Return what all tests say, where they say the same, or are not reached because of the first."""
    if not outcomes:
        return ""
    first = outcomes[0]
    because = {first.message, wording.fails_first(first.test)}
    return first.message if all(outcome.message in because for outcome in outcomes) else ""
