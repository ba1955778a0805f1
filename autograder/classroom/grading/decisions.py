"""Apply what people have decided about points, read from decisions.csv, after all tests."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.points import total_of
from autograder.classroom.book.ledger import DECISIONS, Batch, Decided, Row
from autograder.classroom.finding.roster import Entry
from autograder.classroom.report.decided import since
from autograder.classroom.report.table import as_it_was, number
from autograder.errors import KitError

COLUMNS = ("submission", "question", "points", "change", "reason", "by")
NEEDED = ("submission", "question", "reason", "by")
DELIMITERS = ",;\t"
POINTS = re.compile(r"([+-]?)(\d+(?:[.,]\d+)?)")
HEADER = f"begin it with the line {','.join(COLUMNS)}"


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
        path = out / DECISIONS
        if path.exists():
            for one in read(path):
                self._check(one, path, entries)
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

    def _check(self, one: Decision, path: Path, entries: Sequence[Entry]) -> None:
        """Raise KitError if a decision cannot be meant so."""
        where = f"{path}, line {one.line}"
        found = next((entry for entry in entries if entry.submission == one.submission), None)
        if found is None:
            raise KitError(where, f"no submission is called {one.submission!r}",
                           _whom(one.submission, entries))  # fmt: skip
        if not found.parts:
            raise KitError(where, f"{one.submission} has handed in nothing",
                           "remove the line, or put what they did among the submissions")  # fmt: skip
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


def _whom(name: str, entries: Sequence[Entry]) -> str:
    own = [entry.submission for entry in entries if entry.student == name]
    near = own or difflib.get_close_matches(name, [entry.submission for entry in entries], n=1)
    if len(near) == 1:
        return f"did you mean {near[0]}?"
    return "write it as in the first column of grades.csv"


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
    try:
        text = path.read_bytes().decode("utf-8-sig")
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        heads = [head.strip().casefold() for head in next(lines, [])]
        _check_heads(path, heads)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield _decision(f"{path}, line {lines.line_num}", lines.line_num, heads, cells)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KitError(str(path), f"cannot be read as a table: {error}",
                       "save it as CSV in UTF-8") from None  # fmt: skip


def _check_heads(path: Path, heads: Sequence[str]) -> None:
    where = f"{path}, line 1"
    for head in heads:
        if head not in COLUMNS or heads.count(head) > 1:
            near = difflib.get_close_matches(head, COLUMNS, n=1)
            what = f"{heads.count(head)} columns are" if head in COLUMNS else "no column is to be"
            remedy = f"did you mean {near[0]}?" if near and head not in COLUMNS else HEADER
            raise KitError(where, f"{what} called {head!r}", remedy)
    missing = [name for name in NEEDED if name not in heads]
    if not {"points", "change"} & set(heads):
        missing.append("points")
    if missing:
        raise KitError(where, f"there is no column {missing[0]!r}", HEADER)


def _decision(where: str, line: int, heads: Sequence[str], cells: Sequence[str]) -> Decision:
    if len(cells) > len(heads):
        raise KitError(where, f"{len(cells)} cells, and there are {len(heads)} columns",
                       "put a text with a comma into double quotes")  # fmt: skip
    told = dict.fromkeys(COLUMNS, "")
    told |= {head: as_it_was(cell.strip()).strip() for head, cell in zip(heads, cells)}
    for name in NEEDED:
        if not told[name]:
            raise KitError(
                where, f"its {name} is empty", "say whom, which question, why, and who decided"
            )
    value, added = _value(where, told["points"], told["change"])
    name = unicodedata.normalize("NFC", told["submission"])
    return Decision(line, name, told["question"], value, added, told["reason"], told["by"])


def _value(where: str, points: str, change: str) -> tuple[float, bool]:
    """Return the points of a line, and whether they are added to the automatic ones."""
    remedy = "write 12 for the points that count, or +2 or -1 for what is added"
    if bool(points) == bool(change):
        what = f"both points ({points}) and change ({change})" if points else "no points"
        raise KitError(where, what, remedy)
    written = (points or change).replace("\N{MINUS SIGN}", "-")
    found = POINTS.fullmatch(written)
    if found is None:
        raise KitError(where, f"{points or change!r} is no number of points", remedy)
    return float(written.replace(",", ".")), bool(change or found[1])
