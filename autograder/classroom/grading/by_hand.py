"""Bring in the points of questions that people mark: read from by_hand.csv, asked for in a form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.assignment.config import Assignment, Question
from autograder.assignment.points import total_of
from autograder.classroom.book.ledger import BY_HAND, Batch, Given, Row
from autograder.classroom.finding.roster import Entry
from autograder.classroom.grading import written
from autograder.classroom.report.table import as_csv, number
from autograder.errors import KitError

SHEET = "by_hand_form.csv"  # what is still to be filled in: the kit writes it, people save it as BY_HAND
FORM = written.Form(
    ("submission", "student", "question", "line", "of", "points", "comment", "by"),
    needed=("submission", "question", "points"),
)
Key = tuple[str, str, str]  # submission, question, line of its rubric


class Marking:
    """What people have given so far. Read before anything is graded: a slip is told then."""

    def __init__(
        self, out: Path, entries: Sequence[Entry], assignment: Assignment, asked: Sequence[str]
    ) -> None:
        self._questions = {name: assignment.by_hand[name] for name in asked}
        self._given: dict[Key, Given] = {}
        known = {entry.submission: entry for entry in entries}
        lines: dict[Key, int] = {}
        if (out / BY_HAND).exists():
            for line in written.read(out / BY_HAND, FORM):
                key, given = _given(line, known, assignment)
                if key in lines and given.points is not None:
                    raise KitError(line.where, f"line {lines[key]} gives points for the same",
                                   "keep one of the two lines")  # fmt: skip
                if given.points is not None:
                    lines[key], self._given[key] = line.number, given

    @property
    def most(self) -> float:
        """What there is to give for everybody."""
        return total_of(question.points for question in self._questions.values())

    def apply(self, row: Row) -> Row:
        """Return a row with the points that people have given, and what they have still to give."""
        own, questions = list[Given](), dict(row.questions)
        for name, question in self._questions.items():
            lines = [self._given.get((row.submission, name, one.line), one)
                     for one in _lines(name, question)]  # fmt: skip
            own += lines
            points = [one.points for one in lines if one.points is not None]
            if points:
                questions[name] = total_of(points)
        score = total_of(questions.values())
        return replace(row, by_hand=tuple(own), questions=questions, score=score,
                       max_score=total_of([row.max_score, self.most])) if own else row  # fmt: skip


def _lines(name: str, question: Question) -> list[Given]:
    """Return what there is to give for a question."""
    rubric = [(line.line.strip(), line.points) for line in question.rubric] or [
        ("", question.points)
    ]
    return [Given(name, question.title, line, most, show=question.show) for line, most in rubric]


def _given(
    line: written.Line, entries: Mapping[str, Entry], assignment: Assignment
) -> tuple[Key, Given]:
    """Return what a line gives. Raises KitError if it cannot be meant so."""
    told, where = line.cells, line.where
    submission = unicodedata.normalize("NFC", told["submission"])
    written.submission(submission, where, entries)
    name = told["question"]
    if name not in assignment.by_hand:
        known = ", ".join(assignment.by_hand) or "none is, in grading.yml"
        raise KitError(where, f"{name!r} is no question that is marked by hand",
                       f"choose from {known}; other points go into decisions.csv")  # fmt: skip
    rubric = {one.line: one for one in _lines(name, assignment.by_hand[name])}
    if told["line"] not in rubric:
        near = written.nearest(told["line"], list(rubric))
        remedy = f"did you mean {near!r}?" if near else f"take {SHEET} and fill it in"
        raise KitError(where, f"the rubric of {name} has no line {told['line']!r}", remedy)
    one = rubric[told["line"]]
    points = written.points(told["points"]) if told["points"] else None
    if told["points"] and points is None:
        raise KitError(where, f"{told['points']!r} is no number of points", "write 3 or 2.5")
    if points is not None and not 0 <= points <= one.most:
        raise KitError(where, f"{told['points']} points, and there are {number(one.most)} to give",
                       f"write a number from 0 to {number(one.most)}")  # fmt: skip
    given = replace(one, points=points, comment=told["comment"], by=told["by"])
    return (submission, name, told["line"]), given


def form(rows: Iterable[Row]) -> bytes:
    """Return the form as CSV: what was given so far is in it, and a line for all that was not."""
    lines = [
        [row.submission, row.student, one.question, one.line, number(one.most),
         "" if one.points is None else number(one.points), one.comment, one.by]
        for row in rows
        if row.counts
        for one in row.by_hand
    ]  # fmt: skip
    return as_csv([FORM.columns, *lines])


def warnings(batch: Batch, out: Path) -> Iterator[str]:
    """Yield whom people have still to mark, and where."""
    rows = [row for row in batch.rows if row.counts and row.by_hand]
    left = [row for row in rows if row.unmarked]
    if left:
        names = ", ".join(row.submission for row in left[:10])
        more = f" and {len(left) - 10} more" if len(left) > 10 else ""
        yield f"Not marked by hand yet, {len(left)} of {len(rows)}: {names}{more}."
        yield f"    Fill in {out / SHEET}, and save it as {out / BY_HAND}."
