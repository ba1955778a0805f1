"""Tell what people have decided about points, apart from what the tests gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.assignment.points import total_of
from autograder.classroom.book.ledger import Decided, Given, Row
from autograder.classroom.report.table import as_csv, in_a_line, number
from autograder.formats.seen import KEPT_BACK, View, When
from checks.telling.plain import plain_line

HEADER = ("submission", "student", "question", "automatic", "decided", "points", "reason", "by",
          "look at")  # fmt: skip


def since(row: Row, one: Decided) -> str:
    """Return why a decision should be looked at again; "" where nothing has changed under it."""
    said = []
    if one.first != one.automatic:
        said.append(
            f"the tests gave {number(one.first)} when this was decided, and now {number(one.automatic)}"
        )
    if one.content != row.content:
        said.append("something else was handed in then")
    if not row.counts:
        said.append("a later submission counts")
    if one.told[:1] in "+-" and total_of([one.automatic, float(one.told)]) != one.points:
        said.append(
            f"{one.told} would lead out of the question's points: it ends at {number(one.points)}"
        )
    return "; ".join(said)


@dataclass(frozen=True)
class ByPeople:
    """What may be told of people's part in a submission's marks.

    in_all  whether the total may be told as well
    """

    decided: Sequence[Decided]
    given: Sequence[Given]
    in_all: bool


def in_full(row: Row) -> ByPeople:
    """Return all of it, for teachers."""
    return ByPeople(row.decided, row.by_hand, True)


def for_student(row: Row, seen: View, when: When) -> ByPeople:
    """Return what a student who sees this of the report may read then.

    Of a question with checks that are kept back, points would tell what these gave.
    """
    back = {one.result.id for one in seen.questions if one.partial}
    given = [one for one in row.by_hand if one.show not in KEPT_BACK[when]]
    in_all = not back and len(given) == len(row.by_hand)
    return ByPeople([one for one in row.decided if one.question not in back], given, in_all)


def as_text(row: Row, seen: View, when: When) -> Iterator[str]:
    """Yield what feedback.txt says of people's part, below what the tests gave."""
    told = for_student(row, seen, when)
    if told.given:
        yield "Marked by your teachers, beside what is tested:"
        yield from (f"    {_of_given(one)}" for one in told.given)
    if told.decided:
        yield "Decided by your teachers, over what the tests gave:"
        yield from (f"    {in_a_line(one)}" for one in told.decided)
    if (told.decided or told.given) and told.in_all:
        so_far = ", so far" if row.unmarked else ""
        yield f"With that{so_far}: {number(row.score)} of {number(row.max_score)} points."
    if row.round and told.in_all:
        step = f"{number(row.score)} rounded to a multiple of {number(row.round)}"
        yield f"Your mark: {number(row.mark)}, {step}."


def _of_given(one: Given) -> str:
    points = "not marked yet," if one.points is None else number(one.points)
    said = "; ".join(filter(None, (plain_line(one.comment, 1000), plain_line(one.by))))
    what = plain_line(": ".join(filter(None, (one.title, one.line))))
    return f"{one.question}  {what}: {points} of {number(one.most)}" + (
        f" ({said})" if said else ""
    )


def as_table(rows: Iterable[Row]) -> bytes:
    """Return every decision as CSV, with what the tests gave beside it."""
    lines = [
        [row.submission, row.student, one.question, number(one.automatic), one.told,
         number(one.points), one.reason, one.by, since(row, one)]
        for row in rows
        for one in row.decided
    ]  # fmt: skip
    return as_csv([HEADER, *lines])
