"""Bring a class's marks into the tables of Canvas, Moodle and Gradescope."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.points import total_of
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Row, Status
from autograder.classroom.handing_on import tables
from autograder.classroom.handing_on.late import DAY, Marks
from autograder.classroom.handing_on.tables import Author, Template
from autograder.classroom.report.table import as_csv, harmless, in_a_line, number
from autograder.errors import KitError

CANVAS_ID = re.compile(r"\s*\(\d+\)$")  # behind the title of an assignment
OURS = "Autograder: "  # begins a comment that an export has written: another one replaces it


@dataclass(frozen=True)
class Filled:
    """A template with marks in it.

    without_line    students of the class that it has no line for
    without_marks   students of the template who get none
    kept            those of whom a comment is kept that somebody else has written
    """

    content: bytes
    marked: int
    without_line: tuple[str, ...]
    without_marks: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def fill(
    template: Template,
    found: Sequence[Marks],
    title: str,
    column: str = "",
    comments: Mapping[str, str] | None = None,
) -> Filled:
    """Return the platform's own table with the marks in one column. Everything else stays.

    comments  a few words to each student, where the table has a column for them

    Raises KitError if the table is another, or has another maximum.
    """
    own = tables.find(template, [one.row for one in found])
    place = _column(template, column, title)
    lines = [list(line) for line in template.lines]
    marked: set[int] = set()
    kept = []
    for one in found:
        for line in own.lines.get(one.row.submission, ()):
            _check_most(template, place, line, one.row.max_score)
            lines[line][place] = number(one.final)
            marked.add(line)
            said = (comments or {}).get(one.row.submission)
            if said and template.platform.comment in template.columns:
                comment = template.columns[template.platform.comment]
                if _is_ours(lines[line][comment]):
                    lines[line][comment] = OURS + said
                else:
                    kept.append(template.student(line))
    text = io.StringIO()
    cells = ([harmless(cell) for cell in line] for line in lines)
    csv.writer(text, delimiter=template.delimiter, lineterminator="\n").writerows(cells)
    rest = [template.student(line) for line in template.students if line not in marked]
    return Filled(text.getvalue().encode(), len(marked), own.nowhere, tuple(rest), tuple(kept))


def _is_ours(comment: str) -> bool:
    """Whether nobody has written this comment: it is empty, or of an earlier export."""
    text = re.sub(r"<[^>]*>|&nbsp;", "", comment).strip()
    return not text or text.startswith(OURS.strip())


def _column(template: Template, column: str, title: str) -> int:
    """Return which column marks go to."""
    known = template.platform.marks
    if not column and known in template.columns:
        return template.columns[known]
    heads = [head.strip() for head in template.lines[0]]
    wanted = column or known or title
    found = [n for n, head in enumerate(heads) if wanted in (head, CANVAS_ID.sub("", head))]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(head) for head in heads if head)
    what = (
        f"{len(found)} columns are called {wanted!r}"
        if found
        else f"no column is called {wanted!r}"
    )
    raise KitError(str(template.path), what, f"name one with --column: {listed}")


def _check_most(template: Template, place: int, line: int, most: float) -> None:
    """Raise KitError where the platform has another maximum: marks would mean something else."""
    platform = template.platform
    if platform.most in template.columns:
        told = template.cell(line, platform.most)
    else:  # Canvas has a line for it above the students: it has a title, and no number
        first_ones = range(1, min(4, len(template.lines)))
        possible = [n for n in first_ones if template.lines[n][0].strip()
                    and not template.cell(n, platform.number)]  # fmt: skip
        told = template.lines[possible[0]][place] if possible else ""
    try:
        other = float(told.replace(",", "."))
    except ValueError:  # "(read only)", or nothing
        return
    if abs(other - most) > 1e-6:
        raise KitError(str(template.path),
                       f"{platform.name} has a maximum of {told.strip()}, not {most:g}",
                       f"set it to {most:g} there, and export the table again")  # fmt: skip


def gradescope(out: Path, batch: Batch, found: Sequence[Marks], penalties: bool) -> bytes:
    """Return a table in Gradescope's own form: a line a student, a column a question."""
    questions = _questions(out, batch.rows)
    heads = [
        f"{n}: {title} ({points:.1f} pts)"
        for n, (title, points) in enumerate(questions.values(), 1)
    ]
    header = ["First Name", "Last Name", "SID", "Email", "Total Score", "Max Points", "Status",
              "Submission ID", "Submission Time", "Lateness (H:M:S)", *heads]  # fmt: skip
    header += ["Late Penalty", "Score After Penalty"] if penalties else []
    decided = any(one.row.decided for one in found)
    header += ["Score Before Decisions", "Decisions"] if decided else []
    rounds = any(one.row.round for one in found)
    header += ["Mark"] if rounds else []
    lines = [
        [
            *_of_gradescope(one, author, questions, penalties),
            *(_decided(one.row) if decided else []),
            *([number(one.final)] if rounds else []),
        ]
        for one in found
        for author in tables.authors(one.row)
    ]
    missing = [
        _missing(row, author, len(header))
        for row in batch.rows
        if row.status is Status.MISSING
        for author in tables.authors(row)
    ]
    return as_csv([header, *lines, *missing])


def _by_hand(row: Row) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for one in row.by_hand:
        most = found.get(one.question, ("", 0.0))[1]
        found[one.question] = (one.title, total_of([most, one.most]))
    return found


def _decided(row: Row) -> list[str]:
    return [number(row.automatic), "; ".join(map(in_a_line, row.decided))]


def _questions(out: Path, rows: Iterable[Row]) -> dict[str, tuple[str, float]]:
    for row in rows:
        report = ledger.record(out, row.key) if row.key else None
        if report is not None:
            tested = {q.id: (q.question.title, q.question.points) for q in report.questions}
            return tested | _by_hand(row)
    return {}


def _of_gradescope(
    one: Marks, author: Author, questions: Iterable[str], penalties: bool
) -> list[str]:
    row = one.row
    first, _, last = author.name.rpartition(" ")
    points = [number(row.questions[name]) if name in row.questions else "" for name in questions]
    after = [number(one.penalty), number(one.final)] if penalties else []
    moment = one.handed_in.strftime("%Y-%m-%d %H:%M:%S %z") if one.handed_in else ""
    totals = [number(row.score), number(row.max_score), "Graded"]
    return [
        first,
        last,
        author.sid,
        author.email,
        *totals,
        row.submission,
        moment,
        _lateness(one),
        *points,
        *after,
    ]


def _lateness(one: Marks) -> str:
    if not (one.handed_in and one.due and one.handed_in > one.due):
        return "00:00:00"
    late = one.handed_in - one.due
    hours, rest = divmod(late.seconds, 3600)
    return f"{late // DAY * 24 + hours:02}:{rest // 60:02}:{rest % 60:02}"


def _missing(row: Row, author: Author, width: int) -> list[str]:
    first, _, last = author.name.rpartition(" ")
    line = [first, last, author.sid, author.email, "", number(row.max_score), "Missing"]
    return line + [""] * (width - len(line))
