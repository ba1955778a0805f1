"""Read a platform's own table, and find the students of a class in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.book.ledger import Row
from autograder.classroom.finding.spreadsheet import read_spreadsheet
from autograder.classroom.handing_on import headings
from autograder.classroom.handing_on.headings import folded
from autograder.errors import KitError

Key = tuple[str, str]  # a kind of name, and the name


@dataclass(frozen=True)
class Platform:
    """Where a table says what.

    columns  finds them, whatever language they are called in
    names    those that name a student, each with the kind of name that it holds
    number   the one with the platform's own number of a student
    marks    the one that marks go to; "" where it is called like the assignment
    most     the one with the maximum; "" where a line of its own has it
    comment  the one for a few words to the student; "" where there is none
    """

    name: str
    columns: Callable[[headings.Lines], dict[str, int]]
    names: tuple[tuple[str, str], ...]
    number: str
    marks: str = ""
    most: str = ""
    comment: str = ""


CANVAS = Platform(
    "Canvas",
    headings.of_canvas,
    (("ID", "id"), ("SIS User ID", "sid"), ("SIS Login ID", "sid"), ("SIS Login ID", "email"),
     ("Email", "email"), ("Student", "name")),
    number="ID",
)  # fmt: skip
MOODLE = Platform(
    "Moodle",
    headings.of_moodle,
    (
        ("Identifier", "participant"),
        ("ID number", "sid"),
        ("Email address", "email"),
        ("Full name", "name"),
    ),
    number="Identifier",
    marks="Grade",
    most="Maximum Grade",
    comment="Feedback comments",
)


@dataclass(frozen=True)
class Template:
    """A table that a platform has exported: its lines, and in which column what stands."""

    path: Path
    platform: Platform
    lines: list[list[str]]
    delimiter: str
    columns: Mapping[str, int]

    def cell(self, line: int, name: str) -> str:
        """Return what a line says under one of the kit's names for columns; "" without that column."""
        return self.lines[line][self.columns[name]].strip() if name in self.columns else ""

    def student(self, line: int) -> str:
        """Return what a student is called in a line."""
        names = [text for head, kind in self.platform.names if kind == "name"
                 if (text := self.cell(line, head))]  # fmt: skip
        first_last = [self.cell(line, name) for name in ("FirstName", "LastName")]
        told = [*names, " ".join(filter(None, first_last)), self.cell(line, self.platform.number)]
        return next(filter(None, told), "").removeprefix("'")

    @property
    def students(self) -> list[int]:
        """The lines that stand for a student."""
        return [n for n in range(1, len(self.lines)) if self.cell(n, self.platform.number)]


@dataclass(frozen=True)
class Found:
    """Where the students of a class stand in a table.

    lines    of each submission; a group has several
    nowhere  who has no line, by name, each with the reason where there is one to tell
    """

    lines: Mapping[str, tuple[int, ...]]
    nowhere: tuple[str, ...]


def read(path: Path, platform: Platform) -> Template:
    """Read a table. Raises KitError if it is none of this platform's."""
    sheet = read_spreadsheet(path, str(path), "export it again, as CSV in UTF-8")
    lines = sheet.lines
    if not lines or not lines[0]:
        raise KitError(str(path), "it is empty", "export it again")
    width = len(lines[0])
    lines = [line + [""] * (width - len(line)) for line in lines]
    template = Template(path, platform, lines, sheet.delimiter, platform.columns(lines))
    if platform.number not in template.columns:
        raise KitError(str(path), f"there is no column {platform.number!r} in it",
                       f"export the table of grades from {platform.name} once more; if its columns "
                       "are not recognised, in English")  # fmt: skip
    return template


def find(template: Template, rows: Sequence[Row]) -> Found:
    """Find the line of every author, by the surest name that leads to a single line.

    Raises KitError if the table is of another assignment.
    """
    index = _index(template)
    _check_assignment(template, rows, index)
    claims: dict[int, list[tuple[bool, str]]] = defaultdict(list)
    asked = []
    for row in rows:
        for label, keys in _authors(row, template.platform):
            line, by_name = _line_of(keys, index)
            asked.append((row, label, keys, line))
            if line is not None:
                claims[line].append((by_name, row.submission))
    own: dict[str, list[int]] = defaultdict(list)
    nowhere = []
    for row, label, keys, line in asked:
        if line is None:
            nowhere.append(label + _same_name(keys, index))
        elif (winner := _winner(claims[line])) == row.submission:
            own[row.submission].append(line)
        elif winner:
            nowhere.append(f"{label}: the line it fits is that of {winner}")
        else:
            others = {name for _, name in claims[line]} - {row.submission}
            nowhere.append(f"{label}: {', '.join(sorted(others))} has this name as well, and one "
                           f"line, {line + 1}, fits both")  # fmt: skip
    return Found({name: tuple(dict.fromkeys(lines)) for name, lines in own.items()}, tuple(nowhere))


def _winner(claims: Sequence[tuple[bool, str]]) -> str:
    """Return whose a line is: numbers go before names; of two with the same name it is nobody's."""
    by_number = [name for by_name, name in claims if not by_name]
    if by_number:
        return by_number[0]
    names = {name for _, name in claims}
    return names.pop() if len(names) == 1 else ""


def _same_name(keys: Sequence[set[Key]], index: Mapping[Key, list[int]]) -> str:
    lines = sorted({n for key in keys[-1] for n in index.get(key, ())})
    if len(lines) < 2:
        return ""
    places = ", ".join(str(line + 1) for line in lines)
    return f": lines {places} have this name, and no number or e-mail tells which"


def _check_assignment(
    template: Template, rows: Sequence[Row], index: Mapping[Key, list[int]]
) -> None:
    """Raise KitError where the platform's own numbers show that the table is of something else.

    Moodle numbers a student anew for each assignment.
    """
    platform = template.platform
    numbered = [(row, found) for row in rows
                if (found := _keys(platform.names[0][1], _number_of(row, platform)))]  # fmt: skip
    there = [(row, index[key][0]) for row, keys in numbered for key in keys if key in index]
    remedy = f"export the table of this assignment's own from {platform.name}"
    if platform is MOODLE and numbered and not there:
        raise KitError(str(template.path), f"none of the class's {len(numbered)} participant numbers "
                       "is in it: it is the worksheet of another assignment", remedy)  # fmt: skip
    named = [(row, line) for row, line in there if template.student(line) and row.student]
    if len(named) > 1 and not any(_alike(row.student, template.student(n)) for row, n in named):
        row, line = named[0]
        raise KitError(f"{template.path}, line {line + 1}",
                       f"the number of {row.student} is that of {template.student(line)} here, and so "
                       "for all others: it is another class's table", remedy)  # fmt: skip


def _alike(one: str, other: str) -> bool:
    """Whether two names have a part in common; Canvas writes "doejane" for "Doe, Jane"."""
    words = {folded(word) for word in re.split(r"[,\s]+", other)} - {""}
    return any(word in folded(one) for word in words)


def _index(template: Template) -> dict[Key, list[int]]:
    """Return in which lines each name stands."""
    index: dict[Key, list[int]] = defaultdict(list)
    for line in range(1, len(template.lines)):
        named = [(kind, template.cell(line, head)) for head, kind in template.platform.names]
        if "LastName" in template.columns:
            named.append(("name", template.student(line)))
        for kind, text in named:
            for key in _keys(kind, text):
                index[key].append(line)
    return index


def _keys(kind: str, text: str) -> set[Key]:
    if not text:
        return set()
    if kind == "participant":
        found = re.search(r"\d+$", text)  # Moodle writes "Participant 123", in any language
        return {(kind, found[0] if found else text)}
    if kind != "name":
        return {(kind, text.casefold())}
    words = [folded(word) for word in re.split(r"[,\s]+", text)]
    orders = (words, words[-1:] + words[:-1], words[1:] + words[:1])
    return {(kind, "".join(order)) for order in orders if any(order)}


def _number_of(row: Row, platform: Platform) -> str:
    """Return the platform's own number of an author; "" where another platform gave the class."""
    kind, _, told = row.who.partition(" ")
    return told if kind == platform.name.lower() and not row.email else ""


@dataclass(frozen=True)
class Author:
    """One of those who have handed in a submission."""

    name: str
    email: str = ""
    sid: str = ""


def authors(row: Row) -> list[Author]:
    """Return the authors of a submission. Of a group, names and numbers stand side by side in a row."""
    emails, sids = row.email.split(", "), row.sid.split(", ")
    count = max(len(emails), len(sids))
    if count == 1:
        return [Author(row.student, row.email, row.sid)]
    known = (row.student.split(", "), emails, sids)
    columns = [some if len(some) == count else [""] * count for some in known]
    return [Author(*one) for one in zip(*columns)]


def called(row: Row) -> str:
    """Return what a teacher calls a submission: the student, and the submission where it differs."""
    same = row.student in ("", row.submission)
    return row.submission if same else f"{row.student} ({row.submission})"


def _authors(row: Row, platform: Platform) -> Iterator[tuple[str, list[set[Key]]]]:
    """Yield each author: as a teacher calls them, and by all names, the surest first."""
    those = authors(row)
    for one in those:
        alone = _keys("name", one.name) if len(those) == 1 else set()
        if one.email:
            keys = [_keys("email", one.email), _keys("sid", one.sid), alone]
        else:
            number = _keys(platform.names[0][1], _number_of(row, platform))
            keys = [number, _keys("sid", one.sid or row.who), alone]
        told = one.name or one.email or one.sid
        label = called(row) if len(those) == 1 else f"{told} ({row.submission})"
        yield label, keys


def _line_of(keys: Sequence[set[Key]], index: Mapping[Key, list[int]]) -> tuple[int | None, bool]:
    """Return the one line with the surest of these names, and whether only the name told it.

    Two lines that share a name do not count.
    """
    for same in keys:
        lines = {line for key in same for line in index.get(key, ())}
        if len(lines) == 1:
            return lines.pop(), same is keys[-1]
    return None, False
