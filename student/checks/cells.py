"""Make the code cells of a notebook one Python file."""

from __future__ import annotations

import re
from collections.abc import Iterable

FILE = "notebook.py"  # what the cells are staged as
CELL = re.compile(r"^# --- code cell \d+$", re.MULTILINE)
MAGIC = re.compile(r"^\s*([%!?]|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!])")
TIMED = ("%%time", "%%capture", "%%timeit")  # after any other %%magic comes another language


def joined(sources: Iterable[str]) -> str:
    """Return all cells as one text, each under a line that numbers it."""
    return "\n".join(f"# --- code cell {n}\n{cell}\n" for n, cell in enumerate(sources, start=1))


def without_magics(text: str) -> str:
    """Make statements that do nothing out of what only IPython understands, line by line.

    A cell that is Python as it stands is left alone: there a line may well start with %.
    """
    marks = [*CELL.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return "".join(_plain(text[mark.start() : end]) for mark, end in zip(marks, ends))


def _plain(cell: str) -> str:
    try:
        compile(cell, FILE, "exec", dont_inherit=True)
        return cell
    except (SyntaxError, ValueError):
        lines = cell.split("\n")
    first = next((line.strip() for line in lines[1:] if line.strip()), "")
    if first.startswith("%%") and not first.startswith(TIMED):
        return "\n".join(f"# {line}" for line in lines)
    return "\n".join(_without_magic(line) for line in lines)


def _without_magic(line: str) -> str:
    if not MAGIC.match(line):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}pass  # {line.strip()}"  # it may be all there is in an `if`
