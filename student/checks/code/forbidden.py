"""Find calls that would do the exercise for a student, in the syntax tree, before the code runs.

What counts is what the graded functions and classes use: a definition is looked at if one of them
refers to it, directly or through others. So a comment, a text, a variable of the same name, a
comparison beside the exercise or a demo under `if __name__ == "__main__"` is nothing to mind. Names
are followed through imports, assignments and `getattr` with a constant.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import fnmatch
import functools
import sys
import types
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.code.contract import NAMES

MODEL = NAMES["vit.py"]
GRADED = tuple(name for names in NAMES.values() for name in names)
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
AT_IMPORT = "(while the file is loaded)"
ALWAYS_USED = ("forward", "extra_repr")  # of a class, besides what has two underscores
LOOKING = ("isinstance", "issubclass", "hasattr")  # these only ask
# Fields of a node that call nothing: they are never run, or there is no name in them.
NOT_RUN = ("annotation", "returns", "ctx", "op", "ops")
_replaced: list[weakref.ref[Any]] = []  # things that are forgotten when they are gone


@dataclass(frozen=True)
class Forbidden:
    """Calls that are not allowed, as full names in which * stands for anything, and what to do."""

    calls: Sequence[str]
    instead: str


@dataclass(frozen=True)
class Use:
    """A forbidden call in a student's file."""

    name: str
    line: int
    instead: str


@dataclass
class _Unit:
    """A statement at the top of a file, or a method: what it refers to, and what it must not.

    needs  the names that must all be referred to before it runs: of a method that Python does not
           call by itself, its class and its own name with a dot before it
    """

    needs: frozenset[str]
    refers_to: set[str] = field(default_factory=set)
    uses: list[Use] = field(default_factory=list)


@dataclass(frozen=True)
class Findings:
    """What is forbidden and used in a file.

    by_name    graded name -> the uses that it leads to
    at_import  the uses that loading the file leads to
    """

    by_name: Mapping[str, Sequence[Use]]
    at_import: Sequence[Use]


def look_through(tree: ast.Module, forbidden: Sequence[Forbidden]) -> Findings:
    """Find what is forbidden in a file, and what leads to it."""
    names, judge = _Names(tree), _Judge(forbidden)
    units = [unit for node in tree.body if not _is_demo(node)
             for unit in _units(node, names, judge)]  # fmt: skip
    by_name: dict[str, list[_Unit]] = {}
    for unit in units:
        for name in unit.needs:
            by_name.setdefault(name, []).append(unit)
    reached = {name: tuple(dict.fromkeys(_reached(name, by_name))) for name in GRADED}
    return Findings(
        by_name={name: found for name, found in reached.items() if found},
        at_import=tuple(dict.fromkeys(_reached(AT_IMPORT, by_name))),
    )


def _reached(start: str, by_name: Mapping[str, list[_Unit]]) -> Iterator[Use]:
    """Follow what a graded name refers to, but not into another graded one: that pays for itself."""
    # From a model no way leads to its training: what is called so is the model's own.
    waiting, seen = [start], {*(MODEL if start in MODEL else GRADED)}
    met: set[str] = set()
    while waiting:
        name = waiting.pop()
        met.add(name)
        for unit in by_name.get(name, []):
            if unit.needs <= met:
                yield from unit.uses
                waiting += unit.refers_to - seen
                seen |= unit.refers_to


def _units(node: ast.stmt, names: _Names, judge: _Judge) -> Iterator[_Unit]:
    """Yield a statement's units: a class's methods are units of their own."""
    methods = []
    if isinstance(node, ast.ClassDef):
        methods = [m for m in node.body if isinstance(m, Function) and not _is_always_used(m.name)]
        for method in methods:
            yield _unit(method, {node.name, f".{method.name}"}, [], names, judge)
    whole = _unit(node, (), methods, names, judge)
    now = set() if isinstance(node, Function) else {AT_IMPORT}
    for name in _defined(node) | now:
        yield dataclasses.replace(whole, needs=frozenset({name}))


def _unit(
    node: ast.stmt,
    needs: Collection[str],
    without: Collection[ast.stmt],
    names: _Names,
    judge: _Judge,
) -> _Unit:
    unit, names = _Unit(frozenset(needs)), names.inside(node)
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        full = names.full(part)
        instead = judge.instead(full) if full else None
        if instead is not None:
            unit.uses.append(_use(part, full, instead, node))
        if isinstance(part, ast.Name):
            unit.refers_to.add(part.id)
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Load):
            unit.refers_to.add(f".{part.attr}")
        waiting += [child for child in _parts(part) if child not in without]
    return unit


def _use(part: ast.AST, full: str, instead: str, node: ast.stmt) -> Use:
    line = getattr(part, "lineno", node.lineno)
    written = ast.unparse(part) if isinstance(part, (ast.Name, ast.Attribute)) else full
    name = written if written.split(".")[-1] == full.split(".")[-1] else full
    return Use(name, line, instead)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that run: no annotations, and nothing that is only asked about."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LOOKING:
        yield from node.args[:1]
        return
    if isinstance(node, ast.Compare):  # type(m) is nn.MultiheadAttention: this only asks, too
        yield from (part for part in [node.left, *node.comparators] if not _is_a_name(part))
        return
    if isinstance(node, ast.MatchClass):
        yield from (*node.patterns, *node.kwd_patterns)
        return
    for name, value in ast.iter_fields(node):
        if name not in NOT_RUN:
            parts = value if isinstance(value, list) else [value]
            yield from (part for part in parts if isinstance(part, ast.AST))


def _is_a_name(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_is_a_name, node.elts))
    return isinstance(node, (ast.Name, ast.Attribute))


class _Names:
    """What the names of a file stand for, as far as they lead to modules and what these hold."""

    def __init__(self, tree: ast.Module) -> None:
        self._own = {node.name for node in tree.body if isinstance(node, (*Function, ast.ClassDef))}
        self._full: dict[str, str] = {}
        self._stars: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.name if alias.asname else alias.name.split(".")[0]
                    self._full[alias.asname or whole] = whole
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self._stars += [node.module for alias in node.names if alias.name == "*"]
                for alias in node.names:
                    self._full[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        self._assign([node for node in tree.body if isinstance(node, ast.Assign)])

    def inside(self, node: ast.stmt) -> _Names:
        """Return the names as they are in a function or class, which may have its own."""
        if not isinstance(node, (*Function, ast.ClassDef)):
            return self
        own = copy.copy(self)
        own._full = dict(self._full)
        parts = list(ast.walk(node))
        for part in parts:
            if isinstance(part, ast.arg):
                own._full.pop(part.arg, None)
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                own._full.pop(part.id, None)
            elif isinstance(part, (ast.Import, ast.ImportFrom)):
                for alias in part.names:
                    name = alias.asname or alias.name.split(".")[0]
                    if name in self._full:
                        own._full[name] = self._full[name]
        own._assign([part for part in parts if isinstance(part, ast.Assign)])
        return own

    def _assign(self, statements: Sequence[ast.Assign]) -> None:
        for _ in range(3):  # a name for a name for a name
            for statement in statements:
                full = self.full(statement.value)
                for target in statement.targets:
                    if full and isinstance(target, ast.Name):
                        self._full[target.id] = full

    def full(self, node: ast.AST) -> str:
        """Return the full name of an expression, or "" where it has none."""
        attributes = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        base = self._base(node)
        return ".".join([base, *reversed(attributes)]) if base else ""

    def _base(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            if node.id in self._own:  # a class of the student's that is called like one of torch's
                return ""
            return self._full.get(node.id) or self._from_star(node.id)
        if isinstance(node, ast.Call) and node.args:
            called = node.func.id if isinstance(node.func, ast.Name) else self.full(node.func)
            if called == "getattr" and len(node.args) > 1:
                inner, name = self.full(node.args[0]), _constant(node.args[1])
                return f"{inner}.{name}" if inner and name else ""
            if called in ("__import__", "import_module", "importlib.import_module"):
                return _constant(node.args[0])
        if isinstance(node, ast.Subscript) and self.full(node.value) == "sys.modules":
            return _constant(node.slice)
        return ""

    def _from_star(self, name: str) -> str:
        for module in self._stars:
            if hasattr(sys.modules.get(module), name):
                return f"{module}.{name}"
        return ""


def _constant(node: ast.AST) -> str:
    """Return the text that an expression of constants makes."""
    parts, waiting = [], [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            waiting += [part.right, part.left]
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            parts.append(part.value)
        else:
            return ""
    return "".join(parts)


class _Judge:
    """Knows what is forbidden, under whatever name: torch has many doors to the same thing."""

    def __init__(self, forbidden: Sequence[Forbidden]) -> None:
        self._patterns = [(pattern, entry) for entry in forbidden for pattern in entry.calls]
        self._things = things(forbidden)
        self._known: dict[str, str | None] = {}

    def instead(self, full: str) -> str | None:
        """Return what to do instead of this, if it is forbidden."""
        if full not in self._known:
            self._known[full] = self._look_up(full)
        return self._known[full]

    def _look_up(self, full: str) -> str | None:
        for pattern, entry in self._patterns:
            if fnmatch.fnmatchcase(full, pattern):
                return entry.instead
        return self._things.get(id(resolve(full)))


def things(forbidden: Sequence[Forbidden]) -> dict[int, str]:
    """Return what to do instead of everything loaded that is forbidden, by its id.

    It is looked up once. What a library brings that is loaded later is known by its name alone.
    """
    return _things(tuple((call, entry.instead) for entry in forbidden for call in entry.calls))


def note_replaced(forbidden: Sequence[Forbidden], thing: object, by: object, instead: str) -> None:
    """Know what stands where a forbidden thing stood as forbidden too.

    That thing is forgotten once it is gone: something else may get its id.
    """
    known, number = things(forbidden), id(thing)
    known[id(by)] = instead
    try:
        _replaced.append(weakref.ref(thing, lambda _: known.pop(number, None)))
    except TypeError:  # of a kind whose end cannot be watched
        known.pop(number, None)


@functools.cache
def _things(calls: Sequence[tuple[str, str]]) -> dict[int, str]:
    return {id(thing): instead for call, instead in calls for _, thing in matches(call)}


def resolve(full: str) -> object | None:
    """Return what a full name stands for, if its module is loaded; nothing is imported."""
    parts = full.split(".")
    for n in range(len(parts), 0, -1):
        thing: object | None = sys.modules.get(".".join(parts[:n]))
        if thing is not None:
            for name in parts[n:]:
                thing = vars(thing).get(name) if hasattr(thing, "__dict__") else None
            return thing
    return None


def matches(pattern: str) -> Iterator[tuple[str, object]]:
    """Yield (full name, thing) for everything loaded that a pattern names."""
    module, _, last = pattern.rpartition(".")
    owners = {module: resolve(module)}
    if last.startswith("*"):  # in the whole of a library
        owners |= {n: m for n, m in list(sys.modules.items()) if n.startswith(f"{module}.")}
    for owner, inside in owners.items():
        for name, thing in list(vars(inside).items()) if inside is not None else []:
            full = f"{owner}.{name}"
            if not callable(thing) or not fnmatch.fnmatchcase(full, pattern):
                continue
            # With a *, not what the module has only imported for its own use.
            if "*" not in last or f"{_home(thing, owner)}.".startswith(f"{module}."):
                yield full, thing


def _home(thing: object, owner: str) -> str:
    """Return the module that a thing was made in; owner is the one that it was found in.

    An object, such as an operator that was made of a function, tells where its class was made.
    """
    if not isinstance(thing, (type, types.FunctionType)):
        for held in getattr(thing, "__dict__", {}).values():
            if isinstance(held, types.FunctionType) and held.__module__ == owner:
                return owner
    return getattr(thing, "__module__", None) or ""


def _defined(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines, or completes: MyMSA.forward = ... as well."""
    if isinstance(node, (*Function, ast.ClassDef)):
        return {node.name}
    names = set()
    for part in ast.walk(node):
        if isinstance(part, (*Function, ast.ClassDef)):
            names.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        elif isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Store):
            root: ast.expr = part
            while isinstance(root, (ast.Attribute, ast.Subscript)):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names


def _is_always_used(name: str) -> bool:
    return name in ALWAYS_USED or (name.startswith("__") and name.endswith("__"))


def _is_demo(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == ...:`, which does not run when the file is imported."""
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )
