"""Make the code cells of a notebook one Python file, and take its definitions.

A notebook trains, draws and prints between its definitions, and there is no `if __name__ ==` to keep
that apart. Running it all would take minutes for every question. So what is run is what defines:
imports, functions, classes, and the assignments that these need.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence

FILE = "notebook.py"  # what the cells are staged as
NAME = "The notebook"  # what it is called to a student, who has no such file
CELL = re.compile(r"^# --- (code cell \d+)$", re.MULTILINE)
MAGIC = re.compile(r"^\s*([%!?]|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!])")
TIMED = ("%%time", "%%capture", "%%timeit")  # after any other %%magic comes another language


def joined(sources: Iterable[str]) -> str:
    """Return all cells as one text, each under a line that numbers it."""
    return "\n".join(f"# --- code cell {n}\n{cell}\n" for n, cell in enumerate(sources, start=1))


def place(lines: Sequence[str], line: int) -> tuple[str, int]:
    """Return the cell that a line of the joined text stands in, and its number there, from 1."""
    for number in range(min(line, len(lines)) - 1, -1, -1):
        found = CELL.match(lines[number].rstrip())
        if found:
            return found[1], line - number - 1
    return NAME, line


def without_magics(text: str) -> str:
    """Make statements that do nothing out of what only IPython understands, line by line.

    A cell that is Python as it stands is left alone: there a line may well start with %.
    """
    marks = [*CELL.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return "".join(_plain(text[mark.start() : end]) for mark, end in zip(marks, ends))


def is_python(cell: str) -> bool:
    """Whether a cell can be parsed, its magics apart."""
    return _parses(_plain(joined([cell])))


def _parses(text: str) -> bool:
    try:
        compile(text, FILE, "exec", dont_inherit=True)
        return True
    except (SyntaxError, ValueError):
        return False


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


def definitions(text: str) -> ast.Module:
    """Parse the text of all cells and leave out what defines nothing that is needed."""
    tree = ast.parse(text, FILE)
    first = [node for node in tree.body if _is_from_future(node)]
    if first:  # in a notebook it may stand in any cell, in a file only at the top
        tree.body = [node for node in tree.body if node not in first]
        text = ast.unparse(tree)
    needed = set(_globals_inside(symtable.symtable(text, FILE, "exec")))
    kept: set[ast.stmt] = set()
    while True:
        more = {node for node in tree.body if node not in kept and _defines(node, needed)}
        if not more:
            break
        kept |= more
        needed |= {name for node in more for name in _names(node, ast.Load)}
    tree.body = [*first, *(node for node in tree.body if node in kept)]
    return tree


def _is_from_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _defines(node: ast.stmt, needed: set[str]) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return True
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        # What only plots or talks to Colab is left out: it need not be there in grading.
        return bool({"*", *needed} & set(bound_by(node)))
    if isinstance(node, (ast.If, ast.Try)):
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        return any(_defines(child, needed) for child in inner)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        # MyMSA.forward = forward counts as well: notebooks complete a class in a later cell.
        return any(_root(target) in needed for target in _flat(targets)) or any(
            isinstance(target, ast.Attribute) for target in targets
        )
    return False


def _globals_inside(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the global names that functions and classes use."""
    for inner in table.get_children():
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                yield symbol.get_name()
        yield from _globals_inside(inner)


def _names(node: ast.AST, context: type[ast.expr_context]) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, context):
            yield inner.id


def _flat(targets: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            yield from _flat(target.elts)
        else:
            yield target


def _root(target: ast.expr) -> str:
    while isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


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
    kept: set[ast.stmt] = set()
    needed = set(names)
    while True:
        more = {n for _, n in among if n not in kept and needed & set(bound_by(n))}
        if not more:
            return [piece for piece in among if piece[1] in kept]
        kept |= more
        needed |= {name for node in more for name in _names(node, ast.Load)}


def bound_by(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top gives something to."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, (ast.If, ast.Try)):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from bound_by(child)
    else:
        targets = getattr(node, "targets", None) or [getattr(node, "target", node)]
        yield from (_root(target) for target in _flat(targets))
