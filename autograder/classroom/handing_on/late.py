"""Work out what handing in late costs: a last step, which never touches the score itself."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from autograder.assignment.points import rounded
from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report.table import as_csv, as_it_was, number
from autograder.errors import KitError

DAY = timedelta(days=1)
EXPORTED = (Status.GRADED, Status.REFUSED)


@dataclass(frozen=True)
class Dates:
    """What is known of a submission's dates from elsewhere: when it came, and an extension.

    zoneless  whether one of them named no time zone
    """

    handed_in: datetime | None = None
    due: datetime | None = None
    zoneless: bool = False


@dataclass(frozen=True)
class Policy:
    """What late days cost.

    percent   of the score, for each day that has begun
    most      of the score, however late it is
    grace     is forgiven; who is later than that pays from the due date on
    zoneless  whether the due date named no time zone
    """

    due: datetime
    percent: float
    most: float = 100.0
    grace: timedelta = timedelta(0)
    dates: Mapping[str, Dates] = field(default_factory=dict)
    zoneless: bool = False


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
    if policy is not None:
        yield from _doubts(policy, found)
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


def _doubts(policy: Policy, found: Sequence[Marks]) -> Iterator[str]:
    """Yield what makes a due date doubtful: a zone that was not named, or a slip in the year."""
    due = policy.due.isoformat(timespec="minutes")
    if policy.zoneless:
        yield (
            f"--due names no time zone: taken as {due}, by this machine's. Write the offset if "
            "another is meant."
        )
    zoneless = sorted(name for name, dates in policy.dates.items() if dates.zoneless)
    if zoneless:
        yield f"In --dates without a time zone, taken by this machine's: {', '.join(zoneless)}."
    times = [one.handed_in for one in found if one.handed_in is not None]
    if len(times) > 1 and min(times) > policy.due:
        days = math.ceil((min(times) - policy.due) / DAY)
        yield (
            f"All {len(times)} submissions with a time came after the due date, {due}, the first one "
            f"on day {days} after it: is the date right?"
        )
    if policy.due > datetime.now(timezone.utc):
        yield f"The due date, {due}, has not come yet."
    shortened = sorted(
        n for n, dates in policy.dates.items() if dates.due and dates.due < policy.due
    )
    if shortened:
        yield f"In --dates with less time than all others: {', '.join(shortened)}."


def read_dates(path: Path) -> dict[str, Dates]:
    """Read a CSV with the columns submission, handed_in, due; either date may be empty.

    Raises KitError, with the line.
    """
    found: dict[str, Dates] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number_, line in enumerate(csv.DictReader(file), 2):
                where = f"{path}, line {number_}"
                texts = [line.get(key) or "" for key in ("handed_in", "due")]
                handed_in, due = (moment(text, where) for text in texts)
                dates = Dates(handed_in, due, any(map(is_zoneless, texts)))
                found[as_it_was(line.get("submission") or "")] = dates
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
        found = _parsed(text)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError, OSError):
        raise KitError(where, f"{text!r} is no date",
                       "write it like this: 2026-03-01T23:59+01:00") from None  # fmt: skip


def is_zoneless(text: str) -> bool:
    """Whether a date, which `moment` has taken, names no time zone."""
    return bool(text) and _parsed(text).tzinfo is None


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))


def as_table(found: Sequence[Marks]) -> bytes:
    """Return late.csv: for each submission its dates, score, penalty and final marks."""
    header = ["submission", "student", "handed_in", "due", "days_late", "score", "penalty", "final"]
    return as_csv([header, *map(_line, found)])


def _line(one: Marks) -> list[str]:
    dates = [date.isoformat() if date else "" for date in (one.handed_in, one.due)]
    numbers = [number(value) for value in (one.days, one.row.score, one.penalty, one.final)]
    return [one.row.submission, one.row.student, *dates, *numbers]
