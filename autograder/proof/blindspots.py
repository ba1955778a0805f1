"""Find inputs that a question's tests never try, without which common mistakes stay hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.sources import run_source
from autograder.isolation.remote import Call

FILE = Path("tests", "corpus", "blind_spots.py")


@dataclass(frozen=True)
class Sight:
    """An input that some test of a question must try.

    needs  what it is, after "no test has"
    hides  which mistakes are right on all others
    """

    question: str
    needs: str
    hides: str
    tries: Callable[[Call], bool]


def sights(assignment: Assignment) -> Sequence[Sight]:
    """Return what the tests of a kit must try; nothing where it does not say so. Raises KitError."""
    path = assignment.root / FILE
    found: Sequence[Sight] = run_source(path).SIGHTS if path.exists() else ()
    return found


def blind(sights: Iterable[Sight], calls: Iterable[Call], questions: Iterable[str]) -> list[str]:
    """Name what no test of these questions tries, and which mistakes are not seen for it."""
    known, asked = list(calls), list(questions)
    return [
        f"{sight.question}: no test has {sight.needs}, without which these are not seen: {sight.hides}"
        for sight in sights
        if sight.question in asked
        and not any(call.question == sight.question and sight.tries(call) for call in known)
    ]
