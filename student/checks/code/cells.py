"""Make the code cells of a notebook one Python file, and take its definitions.

A notebook trains, draws and prints between its definitions, and there is no `if __name__ ==` to keep
that apart. Running it all would take minutes for every question. So what is run is what defines:
the functions and classes that are graded, and the imports and assignments that these need.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checks.code import needs
from checks.code.contract import NAMES, QUESTIONS

GRADED = frozenset(name for names in NAMES.values() for name in names)
FILE = "notebook.py"  # what the cells are staged as
NAME = "The notebook"  # what it is called to a student, who has no such file
CELL = re.compile(r"^# --- ((?:code cell|In) \[?\d+\]?)$", re.MULTILINE)
DEFINITION = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
LONGEST_NAME = 40  # of what a cell is told by
MAGIC = re.compile(r"^\s*([%!?]|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!])")
TIMED = ("%%time", "%%capture", "%%timeit")  # after any other %%magic comes another language


def joined(sources: Iterable[str], number: str = "code cell {}") -> str:
    """Return all cells as one text, each under a line that numbers it: as in the file, or "In [{}]"."""
    cells = enumerate(sources, start=1)
    return "\n".join(f"# --- {number.format(n)}\n{cell}\n" for n, cell in cells)


def place(lines: Sequence[str], line: int, named: bool = True) -> tuple[str, int]:
    """Return the cell that a line of the joined text stands in, and its number there, from 1.

    named   tell the cell by what it defines as well, "code cell 6 (q3, MyMSA)"; False: where the
            function is told beside it, by its question alone
    """
    for number in range(min(line, len(lines)) - 1, -1, -1):
        found = CELL.match(lines[number].rstrip())
        if found:
            own = itertools.takewhile(
                lambda text: not CELL.match(text.rstrip()), lines[number + 1 :]
            )
            inside = line - number - 1
            label = _label(_definition(list(own), inside), named)
            return f"{found[1]}{f' ({label})' if label else ''}", inside
    return NAME, line


def _definition(cell: Sequence[str], line: int) -> str:
    """Return what the definition that a cell's line stands in is called; above all, the first graded."""
    found = [(n, match[1]) for n, text in enumerate(cell, 1) if (match := DEFINITION.match(text))]
    found = [(n, unicodedata.normalize("NFKC", name)) for n, name in found]  # as Python reads it
    before = [name for n, name in found if n <= line]
    graded = [name for _, name in found if name in GRADED]
    return (before[-1:] or graded[:1] or [name for _, name in found[:1]] or [""])[0]


def _label(name: str, named: bool) -> str:
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
    return ", ".join(filter(None, [QUESTIONS.get(name, ""), shown if named else ""]))


def without_magics(text: str) -> str:
    """Make statements that do nothing out of what only IPython understands, line by line.

    A cell that is Python as it stands is left alone: there a line may well start with %.
    """
    return "".join(_plain(cell) for _, cell in _cells(text))


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """Yield where each cell of the joined text begins, and the cell with the line that numbers it."""
    marks = [mark.start() for mark in CELL.finditer(text)]
    for start, end in zip(marks, [*marks[1:], len(text)]):
        yield start, text[start:end]


def is_python(cell: str) -> bool:
    """Whether a cell can be parsed, its magics apart."""
    return _parses(_plain(joined([cell])))


def _parses(text: str) -> bool:
    return _error(text) is None


def _error(text: str) -> SyntaxError | None:
    """Return what Python finds wrong with a text."""
    try:
        compile(text, FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    except ValueError as error:
        return SyntaxError(str(error))
    return None


def _plain(cell: str) -> str:
    if _parses(cell):
        return cell
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


@dataclass(frozen=True)
class Broken:
    """A cell that is no Python, its magics apart.

    line   where Python gave up, in the joined text
    said   what Python says of it
    names  what it would define
    """

    first: int
    last: int
    line: int
    said: str
    names: frozenset[str]


def broken(text: str) -> list[Broken]:
    """Return the cells of a joined text that cannot be parsed. Their magics are out already."""
    found = []
    for mark, cell in _cells(text):
        error = _error(cell)
        if error is not None:
            first = text.count("\n", 0, mark) + 1
            last = first + cell.rstrip().count("\n")
            line = min(first + (error.lineno or 1) - 1, last)
            written = DEFINITION.findall(cell)
            names = frozenset(unicodedata.normalize("NFKC", name) for name in written)  # as Python
            found.append(Broken(first, last, line, error.msg, names))
    return found


def without(text: str, cells: Iterable[Broken]) -> str:
    """Return the text with these cells emptied; every other line keeps its number."""
    lines = text.split("\n")
    for cell in cells:
        lines[cell.first : cell.last] = [""] * (cell.last - cell.first)
    return "\n".join(lines)


def definitions(text: str) -> ast.Module:
    """Parse the text of all cells and leave out what nothing graded needs.

    A definition that nothing needs stays where it can: it may be a graded one, misspelt.
    """
    tree = ast.parse(text, FILE)
    first = [node for node in tree.body if _is_from_future(node)]
    others = [node for node in tree.body if node not in first]
    kept, _ = needs.needed(filter(_may_run, others), GRADED)
    known = {*dir(builtins), *(name for node in kept for name in needs.bound_by(node))}
    more = {
        node
        for node in others
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and needs.uses_at_once(node) <= known
    }
    # A __future__ may stand in any cell of a notebook, in a file only at the top.
    tree.body = [*first, *(node for node in others if node in kept | more or _is_star(node))]
    return tree


def _may_run(node: ast.stmt) -> bool:
    """Whether a statement defines something, and does nothing else."""
    if isinstance(node, (ast.If, ast.Try)):
        return True
    defining = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(node, (*defining, ast.Assign, ast.AnnAssign, ast.AugAssign))


def _is_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _is_from_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


Piece = tuple[str, ast.stmt]  # the source of a statement that defines something, and the statement


def pieces(text: str) -> list[Piece]:
    """Return what a notebook defines, in order; where a name is defined twice, the last counts."""
    text = without_magics(text)
    lines = text.splitlines()
    found: list[Piece] = []
    last: dict[str, int] = {}
    for node in definitions(text).body:
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(each.lineno for each in decorators)]) - 1
        found.append(("\n".join(lines[start : node.end_lineno]), node))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            last[node.name] = len(found)
    return [
        (source, node)
        for number, (source, node) in enumerate(found, start=1)
        if last.get(getattr(node, "name", ""), number) == number
    ]


def needed_for(names: Iterable[str], among: Sequence[Piece]) -> list[Piece]:
    """Return the pieces that these names need: their own, and all that these use in turn."""
    kept, _ = needs.needed([node for _, node in among], set(names))
    return [piece for piece in among if piece[1] in kept]
