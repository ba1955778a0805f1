"""Compare two gradings of a class: whose marks change, and by which checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.points import total_of
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Row
from autograder.classroom.report.table import as_csv, in_a_line, number
from autograder.errors import KitError
from autograder.grading.report import QuestionResult, Report

FILE = "changes.csv"
Points = tuple[float, float]


@dataclass(frozen=True)
class Move:
    """One submission whose marks are not what they were."""

    submission: str
    student: str
    before: float
    after: float
    by: tuple[str, ...]


@dataclass(frozen=True)
class Moves:
    """What differs between two batches.

    changed   submissions in both, whose marks or checks differ
    same      how many have all marks as before
    warnings  what else differs, so that a change may come from there
    """

    changed: tuple[Move, ...]
    same: int
    warnings: tuple[str, ...]

    @property
    def summary(self) -> str:
        up = sum(move.after > move.before for move in self.changed)
        down = sum(move.after < move.before for move in self.changed)
        level = len(self.changed) - up - down
        rest = f", {level} keep their total" if level else ""
        total = len(self.changed) + self.same
        return f"{len(self.changed)} of {total} change: {up} gain, {down} lose{rest}."


def moves(old: Path, before: Batch, new: Path, after: Batch) -> Moves:
    """Compare two batches by submission. Raises KitError if they are of different assignments."""
    if before.assignment != after.assignment:
        raise KitError(str(old), f"it holds another assignment, {before.assignment!r}",
                       f"name an output of {after.assignment!r}")  # fmt: skip
    earlier = {row.submission: row for row in before.rows}
    changed, same = [], 0
    for row in after.rows:
        if row.submission in earlier and (row.counts or earlier[row.submission].counts):
            move = _move(earlier[row.submission], old, row, new)
            changed += [move] if move else []
            same += move is None
    return Moves(tuple(changed), same, tuple(_warnings(before, after)))


def _move(was: Row, old: Path, now: Row, new: Path) -> Move | None:
    by_people = (was.decided, was.by_hand) == (now.decided, now.by_hand)
    if was.key == now.key and was.status == now.status and by_people:
        return None
    by = []
    if was.status != now.status:
        by.append(f"{was.status.value} -> {now.status.value}")
    if was.content != now.content:
        by.append("another content was handed in")
    by += _decided(was, now)
    then, today = ledger.record(old, was.key), ledger.record(new, now.key)
    by += _differences(then, today)
    before, after = _score(was, then), _score(now, today)
    if not by and before == after:
        return None
    return Move(now.submission, now.student, before, after, tuple(by))


def _score(row: Row, report: Report | None) -> float:
    """Return a score as it is worked out now: an earlier version may have rounded otherwise."""
    if report is None:
        return row.score
    changed = [one.points - one.automatic for one in row.decided]
    return total_of([report.points, *changed, *(one.points or 0 for one in row.by_hand)])


def _decided(was: Row, now: Row) -> Iterator[str]:
    """Yield what people have decided in one of the two and not in the other."""
    old, new = ({in_a_line(one): one for one in row.decided} for row in (was, now))
    yield from (f"decided, {line}" for line in new if line not in old)
    yield from (f"no longer decided, {line}" for line in old if line not in new)
    given = {(one.question, one.line): one.points for one in was.by_hand}
    for one in now.by_hand:
        before = given.get((one.question, one.line))
        if before != one.points:
            shown = ("-" if points is None else number(points) for points in (before, one.points))
            yield f"by hand, {one.question} {one.line}".rstrip() + f": {' -> '.join(shown)}"


def _differences(was: Report | None, now: Report | None) -> Iterator[str]:
    """Yield what differs between two reports, check by check."""
    if was is None or now is None:
        yield "a record is missing: its checks are not known"
        return
    old = {question.id: question for question in was.questions}
    for question in now.questions:
        if question.id in old:
            yield from _of_question(old[question.id], question)


def _of_question(was: QuestionResult, now: QuestionResult) -> Iterator[str]:
    """Yield the checks of a question whose marks differ. A check is known by its title."""
    old, new = _checks(was), _checks(now)
    for place, (test, points) in new.items():
        before = old.get(place, ("", None))[1]
        if before is None:
            yield f"{test}  {place[0]}: new, {_shown(points)}"
        elif before != points:
            yield f"{test}  {place[0]}: {_shown(before)} -> {_shown(points)}"
    for place, (test, points) in old.items():
        if place not in new:
            yield f"{test}  {place[0]}: gone, had {_shown(points)}"


def _checks(question: QuestionResult) -> Mapping[tuple[str, bool], tuple[str, Points]]:
    return {
        (outcome.title, outcome.hidden): (outcome.test, question.points_of(outcome))
        for outcome in question.outcomes
    }


def _shown(points: Points) -> str:
    return f"{points[0]:.3g} of {points[1]:.3g}"


def _warnings(before: Batch, after: Batch) -> Iterator[str]:
    if before.seed != after.seed:
        yield (
            f"The seeds differ ({before.seed}, {after.seed}), and so do the inputs: some marks may "
            "change for that alone."
        )
    if before.questions != after.questions:
        asked = ", ".join(before.questions), ", ".join(after.questions)
        yield f"Other questions were graded: {asked[0]}, then {asked[1]}."
    there, here = ({row.submission for row in batch.rows} for batch in (before, after))
    for names, what in ((there - here, "no longer there"), (here - there, "new")):
        if names:
            yield f"{what}: {', '.join(sorted(names))}."


def as_table(found: Moves) -> bytes:
    """Return the changes as CSV: a line for each check."""
    header = ["submission", "student", "before", "after", "by"]
    lines = [
        [move.submission, move.student, number(move.before), number(move.after), reason]
        for move in found.changed
        for reason in move.by or ("",)
    ]
    return as_csv([header, *lines])


def write(found: Moves, out: Path) -> None:
    """Write changes.csv into the output of a batch. Raises KitError."""
    ledger.Ledger(out, None).write(as_table(found), out / FILE)
