"""Apply what people have decided about points, read from decisions.csv, after all tests."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.points import total_of
from autograder.classroom.book.ledger import BY_HAND, DECISIONS, Batch, Decided, Row
from autograder.classroom.finding.roster import Entry
from autograder.classroom.grading import written
from autograder.classroom.report.decided import since
from autograder.classroom.report.table import number
from autograder.errors import KitError

FORM = written.Form(
    ("submission", "question", "points", "change", "reason", "by"),
    needed=("submission", "question", "reason", "by"),
)


@dataclass(frozen=True)
class Decision:
    """A line of decisions.csv.

    value  the points that count, or what is added to the automatic ones
    added  whether it is the latter
    """

    line: int
    submission: str
    question: str
    value: float
    added: bool
    reason: str
    by: str

    @property
    def told(self) -> str:
        plus = "+" if self.added and self.value >= 0 else ""
        return plus + number(self.value)

    def points(self, automatic: float, most: float) -> float:
        """Return what counts: never less than nothing, never more than the question has."""
        value = total_of([automatic, self.value]) if self.added else self.value
        return min(max(value, 0.0), most)


class Decisions:
    """What people have decided about a class. Read before anything is graded: a slip is told then."""

    def __init__(self, out: Path, entries: Sequence[Entry], assignment: Assignment) -> None:
        self._assignment = assignment
        self._of: dict[str, list[Decision]] = defaultdict(list)
        path, known = out / DECISIONS, {entry.submission: entry for entry in entries}
        if path.exists():
            for one in read(path):
                self._check(one, path, known)
                self._of[one.submission].append(one)

    def apply(self, row: Row, earlier: Iterable[Row | None]) -> Row:
        """Return a row with what was decided about it.

        earlier  the same submission in earlier runs, the latest first: they know under what points
                 a decision was made
        """
        known = [one for before in earlier if before for one in before.decided]
        decided, questions = list[Decided](), dict(row.questions)
        for one in self._of.get(row.submission, ()):
            if one.question in questions:
                automatic = questions[one.question]
                most = self._assignment.questions[one.question].points
                questions[one.question] = points = one.points(automatic, most)
                new = Decided(one.question, one.told, one.reason, one.by, points, automatic,
                              automatic, row.content)  # fmt: skip
                before = next((old for old in known if _lines(old) == _lines(new)), new)
                decided.append(replace(new, first=before.first, content=before.content))
        if not decided:
            return row
        score = total_of(questions.values())
        return replace(row, score=score, questions=questions, decided=tuple(decided))

    def not_applied(self, rows: Mapping[str, Row]) -> Iterator[Decision]:
        """Yield decisions on questions that were not graded in this run."""
        for name, own in self._of.items():
            yield from (one for one in own if one.question not in rows[name].questions)

    def _check(self, one: Decision, path: Path, entries: Mapping[str, Entry]) -> None:
        """Raise KitError if a decision cannot be meant so."""
        where = f"{path}, line {one.line}"
        written.submission(one.submission, where, entries)
        if one.question in self._assignment.by_hand:
            raise KitError(where, f"{one.question} is marked by hand", f"change it in {BY_HAND}")
        if one.question not in self._assignment.questions:
            known = ", ".join(self._assignment.questions)
            raise KitError(where, f"there is no question {one.question!r}", f"choose from {known}")
        most = self._assignment.questions[one.question].points
        if abs(one.value) > most:
            raise KitError(where, f"{one.told} points, and {one.question} has {number(most)}",
                           f"write {number(most)} or less")  # fmt: skip
        for other in self._of.get(one.submission, ()):
            if other.question == one.question:
                what = f"line {other.line} decides about {one.question} of {one.submission} as well"
                raise KitError(where, what, "keep one of the two lines")


def _lines(one: Decided) -> tuple[str, ...]:
    return one.question, one.told, one.reason, one.by


def warnings(batch: Batch, without: Iterable[Decision]) -> Iterator[str]:
    """Yield what a teacher should know of the decisions in a class."""
    decided = [(row, one) for row in batch.rows for one in row.decided]
    if decided:
        yield f"{len(decided)} of {DECISIONS} applied."
    for row, one in decided:
        if what := since(row, one):
            yield f"{row.submission} {one.question}: {what}"
    for left in without:
        what = f"not graded in this run, so line {left.line} of {DECISIONS} waits"
        yield f"{left.submission} {left.question}: {what}"


def read(path: Path) -> Iterator[Decision]:
    """Yield the lines of decisions.csv. Raises KitError, with the line."""
    for line in written.read(path, FORM):
        told = line.cells
        for name in FORM.needed:
            if not told[name]:
                raise KitError(line.where, f"its {name} is empty",
                               "say whom, which question, why, and who decided")  # fmt: skip
        value, added = _value(line.where, told["points"], told["change"])
        name = unicodedata.normalize("NFC", told["submission"])
        yield Decision(
            line.number, name, told["question"], value, added, told["reason"], told["by"]
        )


def _value(where: str, points: str, change: str) -> tuple[float, bool]:
    """Return the points of a line, and whether they are added to the automatic ones."""
    remedy = "write 12 for the points that count, or +2 or -1 for what is added"
    if bool(points) == bool(change):
        what = f"both points ({points}) and change ({change})" if points else "no points"
        raise KitError(where, what, remedy)
    value = written.points(points or change)
    if value is None:
        raise KitError(where, f"{points or change!r} is no number of points", remedy)
    return value, bool(change) or points[0] in "+-\N{MINUS SIGN}"
