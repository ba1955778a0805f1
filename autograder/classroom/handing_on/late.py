"""Work out what handing in late costs: a last step, which never touches the score itself."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from autograder.assignment.points import rounded
from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report.table import as_csv, as_it_was, number
from autograder.errors import KitError

DAY = timedelta(days=1)
EXPORTED = (Status.GRADED, Status.REFUSED)


@dataclass(frozen=True)
class Dates:
    """What is known of a submission's dates from elsewhere: when it came, and an extension."""

    handed_in: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True)
class Policy:
    """What late days cost.

    percent  of the score, for each day that has begun
    most     of the score, however late it is
    grace    is forgiven; who is later than that pays from the due date on
    """

    due: datetime
    percent: float
    most: float = 100.0
    grace: timedelta = timedelta(0)
    dates: Mapping[str, Dates] = field(default_factory=dict)


@dataclass(frozen=True)
class Marks:
    """A submission's marks after the last step."""

    row: Row
    handed_in: datetime | None = None
    due: datetime | None = None
    days: int = 0
    penalty: float = 0.0

    @property
    def final(self) -> float:
        """What counts, rounded where the assignment says so: once, after everything else."""
        left = round(self.row.score - self.penalty, 10)  # no more than a float's own noise
        return rounded(left, self.row.round, self.row.max_score)


def marks(rows: Sequence[Row], policy: Policy | None) -> list[Marks]:
    """Return the marks of every submission that counts and was graded."""
    return [_marks(row, policy) for row in rows if row.counts and row.status in EXPORTED]


def _marks(row: Row, policy: Policy | None) -> Marks:
    if policy is None:
        return Marks(row, row.handed_in)
    told = policy.dates.get(row.submission, Dates())
    handed_in, due = told.handed_in or row.handed_in, told.due or policy.due
    if handed_in is None or handed_in <= due + policy.grace:
        return Marks(row, handed_in, due)
    days = math.ceil((handed_in - due) / DAY)
    penalty = round(row.score * min(days * policy.percent, policy.most) / 100, 4)
    return Marks(row, handed_in, due, days, penalty)


def warnings(rows: Sequence[Row], found: Sequence[Marks], policy: Policy | None) -> Iterator[str]:
    """Yield what a teacher should know before marks are published."""
    kept = [row.submission for row in rows if row.counts and row.status is Status.OUR_FAULT]
    if kept:
        yield f"Not exported, for the grader failed: {', '.join(kept)}. Give the batch again."
    unknown = [one.row for one in found if one.handed_in is None]
    late = [row.submission for row in unknown if row.late]
    if policy is not None and unknown:
        yield (
            f"{len(unknown)} submissions without a time, which pay nothing: "
            f"{', '.join(row.submission for row in unknown[:10])}. Name their times with --dates."
        )
    strangers = sorted(policy.dates.keys() - {row.submission for row in rows}) if policy else []
    if strangers:
        yield f"In --dates, but no submission is called so: {', '.join(strangers)}."
    if late:
        yield f"The platform calls these late, without a time: {', '.join(late)}."


def read_dates(path: Path) -> dict[str, Dates]:
    """Read a CSV with the columns submission, handed_in, due; either date may be empty.

    Raises KitError, with the line.
    """
    found: dict[str, Dates] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number_, line in enumerate(csv.DictReader(file), 2):
                where = f"{path}, line {number_}"
                dates = [moment(line.get(key) or "", where) for key in ("handed_in", "due")]
                found[as_it_was(line.get("submission") or "")] = Dates(*dates)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KitError(str(path), f"cannot be read: {error}",
                       "write a CSV with submission,handed_in,due") from None  # fmt: skip
    if "" in found:
        raise KitError(str(path), "a line names no submission",
                       "write a CSV with submission,handed_in,due") from None  # fmt: skip
    return found


def moment(text: str, where: str) -> datetime | None:
    """Return a date with its time zone, this machine's if it names none; None for no text."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise KitError(where, f"{text!r} is no date",
                       "write it like this: 2026-03-01T23:59+01:00") from None  # fmt: skip
    return found if found.tzinfo else found.astimezone()


def as_table(found: Sequence[Marks]) -> bytes:
    """Return late.csv: for each submission its dates, score, penalty and final marks."""
    header = ["submission", "student", "handed_in", "due", "days_late", "score", "penalty", "final"]
    return as_csv([header, *map(_line, found)])


def _line(one: Marks) -> list[str]:
    dates = [date.isoformat() if date else "" for date in (one.handed_in, one.due)]
    numbers = [number(value) for value in (one.days, one.row.score, one.penalty, one.final)]
    return [one.row.submission, one.row.student, *dates, *numbers]
