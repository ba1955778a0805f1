"""Read a notebook's code cells as one Python file."""

from __future__ import annotations

import re
from typing import Any

import nbformat

from autograder.errors import UnusableSubmission

DEFINITION = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
MAGIC = re.compile(r"^\s*[%!?]")
CELL_MAGIC = re.compile(r"^\s*%%")


def source_of(content: bytes, name: str) -> tuple[str, list[str]]:
    """Return the code of a notebook and notes for its author.

    Magics and shell lines become comments, so that line numbers in messages fit. Where a name is
    defined in two cells, the last one counts, as it would after running from top to bottom.
    """
    try:
        read: Any = nbformat.reads  # it has no types
        notebook = read(content.decode("utf-8-sig"), as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # nbformat raises whatever its JSON reader and its schema raise
        said = str(error).strip().splitlines()[:1]
        raise UnusableSubmission(
            f"{name} is not a notebook that can be read ({''.join(said)[:200]}). "
            "Open it in Jupyter, save it, and hand it in again."
        ) from None
    parts = []
    for number, cell in enumerate(cells, start=1):
        parts.append(f"# --- code cell {number}\n{_without_magics(cell)}\n")
    return "\n".join(parts), _notes(cells)


def _without_magics(cell: str) -> str:
    lines = cell.splitlines()
    if lines and CELL_MAGIC.match(lines[0]) and not lines[0].lstrip().startswith("%%time"):
        return "\n".join(f"# {line}" for line in lines)  # %%bash and the like are not Python
    return "\n".join(_commented(line) if MAGIC.match(line) else line for line in lines)


def _commented(line: str) -> str:
    """Turn a magic into a statement that does nothing: it may be all there is in an `if`."""
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}pass  # {line.strip()}"


def _notes(cells: list[str]) -> list[str]:
    places: dict[str, list[int]] = {}
    for number, cell in enumerate(cells, start=1):
        for name in DEFINITION.findall(cell):
            places.setdefault(name, []).append(number)
    return [
        f"{name} is defined in code cells {_listed(numbers)}: the last one, {numbers[-1]}, was graded."
        for name, numbers in places.items()
        if len(numbers) > 1
    ]


def _listed(numbers: list[int]) -> str:
    return " and ".join(str(number) for number in numbers)
