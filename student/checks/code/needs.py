"""Which names a file's definitions really use, by Python's own scopes.

A parameter or a local variable is called like many a variable of a demo, and has nothing to do with
it: what counts are global names, those that a function reads from its file, directly or through what
it uses in turn.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection, Iterable, Iterator


def needed(nodes: Iterable[ast.stmt], wanted: Collection[str]) -> tuple[set[ast.stmt], set[str]]:
    """Return the statements that give `wanted` names something, and all that these need in turn.

    The second value is all their names, wanted ones included.
    """
    waiting = {node: (set(bound_by(node)), uses(node)) for node in nodes}
    kept, names = set[ast.stmt](), set(wanted)
    while more := {node for node, (bound, _) in waiting.items() if bound & names}:
        for node in more:
            names |= waiting.pop(node)[1]
        kept |= more
    return kept, names


def uses(node: ast.stmt) -> set[str]:
    """Return the global names that a statement reads: now, or when what it defines is called."""
    try:
        table = _table(node)
    except RecursionError:  # a sum of a thousand terms, say: any name in it may be one that is read
        return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return {*_read_at_once(table), *_read_inside(table)}


def uses_at_once(node: ast.stmt) -> set[str]:
    """Return those that it reads when it runs: bases, decorators, defaults, the body of a class."""
    try:
        return set(_read_at_once(_table(node)))
    except RecursionError:
        return uses(node)


def bound_by(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top gives something to, be it only an attribute."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (_root(target) for target in _flat(targets))
    else:  # if, try, with, for: whatever stands in them
        for child in _statements_in(node):
            yield from bound_by(child)


def _statements_in(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from _statements_in(child)


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


def _table(node: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(node), "<statement>", "exec")


def _read_at_once(table: symtable.SymbolTable) -> Iterator[str]:
    at_the_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (at_the_top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        if inner.get_type() == "class":
            yield from _read_at_once(inner)


def _read_inside(table: symtable.SymbolTable) -> Iterator[str]:
    for inner in table.get_children():
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                yield symbol.get_name()
        yield from _read_inside(inner)
