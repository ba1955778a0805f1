"""Read the tables that people write, as spreadsheets save them, and say where a line cannot be meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.finding.roster import Entry
from autograder.classroom.finding.spreadsheet import read_spreadsheet
from autograder.classroom.report.table import as_it_was
from autograder.errors import KitError

POINTS = re.compile(r"([+-]?)(\d+(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Form:
    """What a table looks like.

    needed  the columns without which nothing can be read
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def remedy(self) -> str:
        return f"begin it with the line {','.join(self.columns)}"


@dataclass(frozen=True)
class Line:
    """A line of a table: where it stands, and its cells by column, every column among them."""

    where: str
    number: int
    cells: Mapping[str, str]


def read(path: Path, form: Form) -> Iterator[Line]:
    """Yield the lines that hold anything. Raises KitError, with the line."""
    sheet = read_spreadsheet(path, str(path), "save it as CSV in UTF-8")
    heads = [head.casefold() for head in _told(sheet.lines[0] if sheet.lines else [])]
    _check_heads(f"{path}, line 1", heads, form)
    for cells, end in zip(sheet.lines[1:], sheet.ends[1:]):
        if any(cell.strip() for cell in cells):
            where = f"{path}, line {end}"
            yield Line(where, end, _cells(where, heads, _told(cells), form))


def points(text: str) -> float | None:
    """Return a number of points; None where a text is none. A decimal comma is one, too."""
    written = text.replace("\N{MINUS SIGN}", "-").replace(",", ".")
    return float(written) if POINTS.fullmatch(written) else None


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the one that was probably meant."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def submission(name: str, where: str, entries: Mapping[str, Entry]) -> Entry:
    """Return the submission that a line names. Raises KitError if there is none."""
    found = entries.get(name)
    if found is None:
        own = [entry.submission for entry in entries.values() if entry.student == name]
        near = own[0] if len(own) == 1 else nearest(name, list(entries))
        remedy = (
            f"did you mean {near}?" if near else "write it as in the first column of grades.csv"
        )
        raise KitError(where, f"no submission is called {name!r}", remedy)
    if not found.parts:
        raise KitError(where, f"{name} has handed in nothing",
                       "remove the line, or put what they did among the submissions")  # fmt: skip
    return found


def _told(cells: Sequence[str]) -> list[str]:
    """Return the cells without the empty ones at the end, of which spreadsheets leave many."""
    told = [cell.strip() for cell in cells]
    while told and not told[-1]:
        told.pop()
    return told


def _check_heads(where: str, heads: Sequence[str], form: Form) -> None:
    for head in heads:
        if head not in form.columns:
            near = nearest(head, form.columns)
            raise KitError(where, f"no column is to be called {head!r}",
                           f"did you mean {near}?" if near else form.remedy)  # fmt: skip
        if heads.count(head) > 1:
            raise KitError(where, f"{heads.count(head)} columns are called {head!r}", form.remedy)
    missing = [name for name in form.needed if name not in heads]
    if missing:
        raise KitError(where, f"there is no column {missing[0]!r}", form.remedy)


def _cells(where: str, heads: Sequence[str], cells: Sequence[str], form: Form) -> dict[str, str]:
    if len(cells) > len(heads):
        raise KitError(where, f"{len(cells)} cells, and there are {len(heads)} columns",
                       "put a text with a comma into double quotes")  # fmt: skip
    told = dict.fromkeys(form.columns, "")
    return told | {head: as_it_was(cell).strip() for head, cell in zip(heads, cells)}
