"""Write a class as CSV, in which no spreadsheet finds a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from autograder.classroom.book.ledger import Decided, Row
from checks.telling.plain import plain_line

# What a cell must not begin with; the last four are the wide ones of East Asian keyboards.
FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?|-")

DIGITS = re.compile(r"(\d+)")


def harmless(text: str) -> str:
    """Return the text of a cell; with an apostrophe before it where a spreadsheet would compute."""
    acts = text[:1] in FORMULA or text.lstrip()[:1] in FORMULA
    return f"'{text}" if text and acts and not NUMBER.fullmatch(text) else text


def as_it_was(cell: str) -> str:
    """Return the text that such a cell was made of."""
    text = cell.removeprefix("'")
    return text if harmless(text) == cell else cell


def name_order(name: str) -> tuple[tuple[tuple[bool, int, str], ...], str]:
    """Return what to sort a name by, as people do: Ärmel is near Armel, and dan9 before dan10."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    parts = (part for part in DIGITS.split(plain) if part)
    # No number of this length is counted: it is an identifier, and int() would take its time.
    keys = ((False, int(p), "") if p.isdecimal() and len(p) < 20 else (True, 0, p) for p in parts)
    return tuple(keys), name


def number(value: float) -> str:
    """Return a number of points without needless digits."""
    return f"{Decimal(f'{value:.12g}'):f}"


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as CSV, every cell of it harmless."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue().encode()


def grades(rows: Iterable[Row], questions: Sequence[str]) -> bytes:
    """Return grades.csv: a line for each submission, with points by question."""
    lines = list(rows)
    header = ["submission", "student", "score", "max_score", *questions, "status", "seconds"]
    more = [extra for extra in EXTRAS if any(map(extra.needed, lines))]
    cells = ([*_line(row, questions), *(extra.cell(row) for extra in more)] for row in lines)
    return as_csv([header + [extra.name for extra in more], *cells])


def in_a_line(one: Decided) -> str:
    """Return what a person has decided as a line of text."""
    points = f"{number(one.automatic)} -> {number(one.points)}"
    return f"{one.question}: {points} ({plain_line(one.reason, 500)}; {plain_line(one.by)})"


def _line(row: Row, questions: Sequence[str]) -> list[str]:
    points = [number(row.questions[name]) if name in row.questions else "" for name in questions]
    totals = [number(row.score), number(row.max_score)]
    return [row.submission, row.student, *totals, *points, row.status.value, f"{row.seconds:.2f}"]


@dataclass(frozen=True)
class Extra:
    """A column that is there where some row needs it: no other program need know of it otherwise."""

    name: str
    needed: Callable[[Row], bool]
    cell: Callable[[Row], str]


EXTRAS = (
    Extra("automatic", lambda row: bool(row.decided), lambda row: number(row.automatic)),
    Extra(
        "decided", lambda row: bool(row.decided), lambda row: "; ".join(map(in_a_line, row.decided))
    ),
    Extra("mark", lambda row: bool(row.round), lambda row: number(row.mark)),
)
