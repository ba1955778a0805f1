"""Read a notebook's code cells as one Python file."""

from __future__ import annotations

import re
from typing import Any

import nbformat

from autograder.errors import UnusableSubmission
from checks import cells

DEFINITION = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)


def source_of(content: bytes, name: str) -> tuple[str, list[str]]:
    """Return the code of a notebook and notes for its author.

    Where a name is defined in two cells, the last one counts, as it would after running from top to
    bottom. Magics stay: the worker takes them out, where parsing a student's text can do no harm.
    """
    try:
        read: Any = nbformat.reads  # it has no types
        notebook = read(content.decode("utf-8-sig"), as_version=4)
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # nbformat raises whatever its JSON reader and its schema raise
        said = str(error).strip().splitlines()[:1]
        raise UnusableSubmission(
            f"{name} is not a notebook that can be read ({''.join(said)[:200]}). "
            "Open it in Jupyter, save it, and hand it in again."
        ) from None
    return cells.joined(sources), _notes(sources)


def _notes(sources: list[str]) -> list[str]:
    places: dict[str, list[int]] = {}
    for number, cell in enumerate(sources, start=1):
        for name in DEFINITION.findall(cell):
            places.setdefault(name, []).append(number)
    return [
        f"{name} is defined in code cells {_listed(numbers)}: the last one, {numbers[-1]}, was graded."
        for name, numbers in places.items()
        if len(numbers) > 1
    ]


def _listed(numbers: list[int]) -> str:
    return " and ".join(str(number) for number in numbers)
