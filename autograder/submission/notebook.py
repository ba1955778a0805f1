"""Read a notebook's code cells as one Python file."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Sized
from typing import Any, Literal

import msgspec

from autograder.errors import UnusableSubmission
from checks.code import cells
from checks.telling.plain import plain_line

MOST_CELLS = 2000
MOST_CODE = 2 << 20  # bytes, as JSON writes it
MOST_OLD = 1 << 20
MOST_LENIENT = 5 << 20
MOST_NOTES = 10
DEFINITION = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)


def source_of(content: bytes, name: str) -> tuple[str, list[str]]:
    """Return the code of a notebook and notes for its author.

    Where a name is defined in two cells, the last one counts, as it would after running from top to
    bottom. Magics stay: the worker takes them out, where parsing a student's text can do no harm.
    """
    if content.lstrip()[:1] == b"<":
        raise UnusableSubmission(
            f"{name} is a web page, not a notebook: download the notebook itself (File, Download, "
            ".ipynb) and hand that in."
        )
    try:
        sources = _read(content.removeprefix(codecs.BOM_UTF8))
    except Exception as error:  # whatever the JSON reader, nbformat and its schema raise
        said = str(error).strip().splitlines()[:1]
        raise UnusableSubmission(
            f"{name} is not a notebook that can be read ({plain_line(''.join(said))}). "
            "Open it in Jupyter, clear its outputs, save it, and hand it in again."
        ) from None
    return cells.joined(sources), _notes(sources)


Text = str | list[str]  # of a cell, whole or by lines


class _Cell(msgspec.Struct):
    """A cell; its text stays as it is written, for it may be a picture, or made to fill the memory."""

    cell_type: Literal["code", "markdown", "raw"]
    source: msgspec.Raw = msgspec.Raw(b'""')


class _Cells(msgspec.Struct):
    """What is needed of a notebook. Its outputs, which may be anything, are skipped unread."""

    cells: list[_Cell] | None = None


class _LooseCell(msgspec.Struct):
    cell_type: str
    source: Text = ""


class _LooseCells(msgspec.Struct):
    cells: list[_LooseCell] | None = None


def _texts(content: bytes) -> list[Text] | None:
    """Return the text of every code cell; None where there are no cells at all."""
    try:
        found = msgspec.json.decode(content, type=_Cells).cells
        if found is None:
            return None
        _mind_crowd(found)
        code = [cell.source for cell in found if cell.cell_type == "code"]
        if sum(len(memoryview(source)) for source in code) > MOST_CODE:
            raise ValueError(f"it has more than {MOST_CODE >> 20} MB of code")
        return [msgspec.json.decode(source, type=Text) for source in code]
    except msgspec.DecodeError:  # NaN in an output, half a surrogate pair: Jupyter writes these
        if len(content) > MOST_LENIENT:
            raise
        loose = msgspec.convert(json.loads(content), _LooseCells).cells
        if loose is None:
            return None
        _mind_crowd(loose)
        return [cell.source for cell in loose if cell.cell_type == "code"]


def _mind_crowd(cells: Sized) -> None:
    if len(cells) > MOST_CELLS:
        raise ValueError(f"it has more than {MOST_CELLS} cells")


def _read(content: bytes) -> list[str]:
    """Return the code cells of a notebook. One of an old format, which has no cells, must be small."""
    found = _texts(content)
    if found is None:
        if len(content) > MOST_OLD:
            raise ValueError("it has no cells")
        return _of_old_format(content)
    return ["".join(text).encode("utf-8", "replace").decode() for text in found]


def _of_old_format(content: bytes) -> list[str]:
    import nbformat  # a second, which nothing else here needs

    read: Any = nbformat.reads  # it has no types
    cells = read(content.decode(), as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    if not all(isinstance(source, str) for source in sources):
        raise ValueError("a cell holds no text")
    return sources


def _notes(sources: list[str]) -> list[str]:
    places: dict[str, list[int]] = {}
    for number, cell in enumerate(sources, start=1):
        for name in DEFINITION.findall(cell):
            name = unicodedata.normalize("NFKC", name)  # as Python reads it
            places.setdefault(name, []).append(number)
    twice = {name: numbers for name, numbers in places.items() if len(numbers) > 1}
    return [
        f"{plain_line(name, 80)} is defined in code cells {_listed(numbers)}: "
        f"the last one, {numbers[-1]}, was graded."
        for name, numbers in list(twice.items())[:MOST_NOTES]
    ]


def _listed(numbers: list[int]) -> str:
    shown = numbers if len(numbers) <= MOST_NOTES else [*numbers[: MOST_NOTES - 1], numbers[-1]]
    return " and ".join(str(number) for number in shown)
