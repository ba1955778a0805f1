"""Count mistakes by name in earlier runs of a class: do they become fewer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Status
from autograder.classroom.report.tally import Mistake, mistakes
from autograder.errors import KitError

Named = tuple[str, str]  # a question, and a mistake's name


@dataclass(frozen=True)
class Run:
    """A graded class: what it is called, of how many students, and how many made each mistake."""

    name: str
    students: int
    counts: Mapping[Named, int]


def read_run(out: Path) -> tuple[Batch, Run]:
    """Return a class that is graded to its end, and its mistakes. Raises KitError."""
    batch = ledger.read_finished(out)
    counts: dict[Named, int] = {}
    students = 0
    for row in batch.rows:
        graded = row.counts and row.status in (Status.GRADED, Status.REFUSED)
        report = ledger.record(out, row.key) if graded else None
        if report is None:
            continue
        students += 1
        for question in report.questions:
            for name in mistakes(question):
                counts[question.id, name] = counts.get((question.id, name), 0) + 1
    if batch.rows and not students:
        raise KitError(f"--earlier {out}", "none of its records is there",
                       "name the whole folder that a batch has written")  # fmt: skip
    return batch, Run(out.resolve().name, students, counts)


def over_time(
    earlier: Sequence[Run], now: Sequence[Mistake], students: int
) -> tuple[list[Run], list[Named]]:
    """Return the runs with this one as the last, and all mistakes, the most frequent ones first."""
    this = Run("now", students, {(m.question, m.name): len(m.submissions) for m in now})
    runs = [*earlier, this]
    named = {place for run in runs for place in run.counts}
    most = {place: max(run.counts.get(place, 0) for run in runs) for place in named}
    return runs, sorted(named, key=lambda place: (-most[place], place))
