"""Bring a class's marks into the tables of Canvas, Moodle and Gradescope."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.points import total_of
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Row, Status
from autograder.classroom.handing_on.late import DAY, Marks
from autograder.classroom.report.table import as_csv, harmless, in_a_line, number
from autograder.errors import KitError

DELIMITERS = ",;\t"
POINTS_POSSIBLE = "points possible"
CANVAS_ID = re.compile(r"\s*\(\d+\)$")  # behind the title of an assignment
Key = tuple[str, str]  # a kind of name, and the name


@dataclass(frozen=True)
class Platform:
    """Where a template says what.

    names   its columns that name a student, each with the kind of name that it holds
    column  where marks go; "" where the column is called like the assignment
    most    its column with the maximum; "" where a line of its own has it
    """

    name: str
    names: tuple[tuple[str, str], ...]
    column: str = ""
    most: str = ""


CANVAS = Platform(
    "Canvas",
    (("ID", "id"), ("SIS User ID", "sid"), ("SIS Login ID", "sid"), ("SIS Login ID", "email"),
     ("Email", "email"), ("Student", "name")),
)  # fmt: skip
MOODLE = Platform(
    "Moodle",
    (
        ("Identifier", "participant"),
        ("ID number", "sid"),
        ("Email address", "email"),
        ("Full name", "name"),
    ),
    column="Grade",
    most="Maximum Grade",
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A template with marks in it, and the submissions that it has no line for."""

    content: bytes
    marked: int
    without_line: tuple[str, ...]


def fill(
    template: Path, platform: Platform, found: Sequence[Marks], title: str, column: str = ""
) -> Filled:
    """Return the platform's own table with the marks in one column. Everything else stays.

    Raises KitError if the table is another, or has another maximum.
    """
    lines, delimiter = _read(template)
    heads = [head.strip() for head in lines[0]]
    if platform.names[0][0] not in heads:
        raise KitError(str(template), f"there is no column {platform.names[0][0]!r} in it",
                       f"export the table of grades from {platform.name} in English")  # fmt: skip
    place = _column(heads, column or platform.column, title, template)
    index = _index(lines, heads, platform)
    marked: dict[int, str] = {}
    missed = []
    for one in found:
        name = one.row.submission
        own = [_line_of(keys, index) for keys in _people(one.row, platform)]
        for number_ in filter(None, own):
            if marked.setdefault(number_, name) != name:
                missed.append(f"{name} (the line it fits has the marks of {marked[number_]})")
                continue
            _check_most(template, lines, heads, platform, place, number_, one.row.max_score)
            lines[number_][place] = number(one.final)
        if None in own:
            missed.append(
                name if len(own) == 1 else f"{name} ({own.count(None)} of its {len(own)})"
            )
    text = io.StringIO()
    cells = ([harmless(cell) for cell in line] for line in lines)
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(cells)
    return Filled(text.getvalue().encode(), len(marked), tuple(missed))


def _read(template: Path) -> tuple[list[list[str]], str]:
    try:
        text = template.read_bytes().decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(DELIMITERS, key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KitError(str(template), f"cannot be read as a table: {error}",
                       "export it again, as CSV in UTF-8") from None  # fmt: skip
    if not lines or not lines[0]:
        raise KitError(str(template), "it is empty", "export it again")
    width = len(lines[0])
    return [line + [""] * (width - len(line)) for line in lines], delimiter


def _column(heads: Sequence[str], wanted: str, title: str, template: Path) -> int:
    """Return which column marks go to."""
    wanted = wanted or title
    found = [n for n, head in enumerate(heads) if wanted in (head, CANVAS_ID.sub("", head))]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(head) for head in heads if head)
    what = (
        f"{len(found)} columns are called {wanted!r}"
        if found
        else f"no column is called {wanted!r}"
    )
    raise KitError(str(template), what, f"name one with --column: {listed}")


def _index(
    lines: Sequence[Sequence[str]], heads: Sequence[str], platform: Platform
) -> dict[Key, list[int]]:
    """Return in which lines each name stands."""
    index: dict[Key, list[int]] = defaultdict(list)
    for number_, line in enumerate(lines[1:], 1):
        for head, kind in platform.names:
            if head in heads and (text := line[heads.index(head)].strip()):
                for key in _keys(kind, text):
                    index[key].append(number_)
    return index


def _keys(kind: str, text: str) -> set[Key]:
    if kind == "participant":
        found = re.search(r"\d+$", text)  # Moodle writes "Participant 123", in any language
        return {(kind, found[0] if found else text)}
    if kind != "name":
        return {(kind, text.casefold())}
    words = [_folded(word) for word in re.split(r"[,\s]+", text)]
    orders = (words, words[-1:] + words[:-1], words[1:] + words[:1])
    return {(kind, "".join(order)) for order in orders if any(order)}


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.removeprefix("'")).casefold()
    return "".join(c for c in letters if c.isalnum())


def _people(row: Row, platform: Platform) -> Iterator[list[set[Key]]]:
    """Yield the names of each author, the surest first: a group has several."""
    names = _keys("name", row.student)
    if not row.email:
        kind, _, told = row.who.partition(" ")
        own = _keys(platform.names[0][1], told) if kind == platform.name.lower() else set()
        yield [own, _keys("sid", row.sid or row.who), names]
        return
    emails, sids = row.email.split(", "), row.sid.split(", ")
    for number_, email in enumerate(emails):
        sid = sids[number_] if len(sids) == len(emails) else ""
        alone = names if len(emails) == 1 else set()
        yield [_keys("email", email), _keys("sid", sid) if sid else set(), alone]


def _line_of(keys: Sequence[set[Key]], index: dict[Key, list[int]]) -> int | None:
    """Return the one line with the surest of these names; two that share it do not count."""
    for same in keys:
        lines = {number_ for key in same for number_ in index.get(key, ())}
        if len(lines) == 1:
            return lines.pop()
    return None


def _check_most(
    template: Path,
    lines: Sequence[Sequence[str]],
    heads: Sequence[str],
    platform: Platform,
    place: int,
    number_: int,
    most: float,
) -> None:
    """Raise KitError where the platform has another maximum: marks would mean something else."""
    if platform.most in heads:
        told = lines[number_][heads.index(platform.most)]
    else:
        possible = [line for line in lines[1:4] if line[0].strip().casefold() == POINTS_POSSIBLE]
        told = possible[0][place] if possible else ""
    try:
        other = float(told.replace(",", "."))
    except ValueError:  # "(read only)", or nothing
        return
    if abs(other - most) > 1e-6:
        raise KitError(str(template), f"{platform.name} has a maximum of {told.strip()}, not {most:g}",
                       f"set it to {most:g} there, and export the table again")  # fmt: skip


def gradescope(out: Path, batch: Batch, found: Sequence[Marks], penalties: bool) -> bytes:
    """Return a table in Gradescope's own form: a line a submission, a column a question."""
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
            *_of_gradescope(one, questions, penalties),
            *(_decided(one.row) if decided else []),
            *([number(one.final)] if rounds else []),
        ]
        for one in found
    ]
    missing = [row for row in batch.rows if row.status is Status.MISSING]
    return as_csv([header, *lines, *(_missing(row, len(header)) for row in missing)])


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


def _of_gradescope(one: Marks, questions: Iterable[str], penalties: bool) -> list[str]:
    row = one.row
    first, _, last = row.student.rpartition(" ")
    points = [number(row.questions[name]) if name in row.questions else "" for name in questions]
    after = [number(one.penalty), number(one.final)] if penalties else []
    moment = one.handed_in.strftime("%Y-%m-%d %H:%M:%S %z") if one.handed_in else ""
    totals = [number(row.score), number(row.max_score), "Graded"]
    return [
        first,
        last,
        row.sid,
        row.email,
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


def _missing(row: Row, width: int) -> list[str]:
    first, _, last = row.student.rpartition(" ")
    line = [first, last, row.sid, row.email, "", number(row.max_score), "Missing"]
    return line + [""] * (width - len(line))
