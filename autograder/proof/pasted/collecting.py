"""Find every function in the files that students get: at the top, in classes, and in functions.

Which there are, their text says. What they hold (defaults, and the variables of the function around
them) is known of those that were seen while the files ran; of the others it is made up.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType, ModuleType

DEPTH = 3  # of containers in what a running function knows
MOST_ITEMS = 200  # of one of them
MOST_ALIKE = 2  # functions of the same text that hold other things: the first and the latest
MAIN = "__main__.py"


@dataclass
class Candidate:
    """A function in a file.

    name    as it is reached: Maps.result, check.in_order
    module  whose names it uses
    owner   the class that it is a method of
    seen    as it was seen, some with other things in them; none where it never was
    """

    file: Path
    line: int
    name: str
    code: CodeType
    module: ModuleType
    owner: type | None = None
    seen: list[FunctionType] = field(default_factory=list)


class Collection:
    """The functions of some files, and those of them that have been seen."""

    def __init__(self, folder: Path, without: Sequence[str]) -> None:
        self.folder = folder.resolve()
        self._without = without
        self._found: dict[tuple[Path, CodeType], Candidate] = {}
        self._seen: dict[tuple[Path, CodeType], list[FunctionType]] = {}
        self._paths: dict[str, Path] = {}
        self.modules: list[ModuleType] = []

    def read(self) -> None:
        """Take all functions of the files. Those of modules that are not loaded yet are loaded."""
        for path in sorted(self.folder.rglob("*.py")):
            relative = path.relative_to(self.folder)
            if relative.as_posix() in self._without or path.name in (MAIN, "conftest.py"):
                continue
            module = _loaded(path) or _imported(relative)
            self.modules.append(module)
            whole = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
            for names, code in _functions_in(whole, ()):
                found = Candidate(path, code.co_firstlineno, ".".join(names), code, module)
                self._found.setdefault((path, code), found)
        for module in self.modules:
            self.see(vars(module))
            self._look_into_classes(module)
        for key, found in self._found.items():
            found.seen = self._seen.get(key, [])

    def _look_into_classes(self, module: ModuleType) -> None:
        for kind in [value for value in vars(module).values() if isinstance(value, type)]:
            for value in vars(kind).values() if kind.__module__ == module.__name__ else ():
                self.see(value)
                function = _function_of(value)
                found = self._found.get(self._key(function)) if function else None
                if found is not None and not isinstance(value, staticmethod):
                    found.owner = kind

    def see(self, value: object, depth: int = DEPTH) -> None:
        """Keep the functions in something that is there while the files run."""
        function = _function_of(value)
        if function is not None:
            self._keep(function)
            if depth:
                for cell in function.__closure__ or ():
                    self.see(content_of(cell), depth - 1)
        elif depth:
            for _, part in zip(range(MOST_ITEMS), self._parts(value)):
                self.see(part, depth - 1)

    def _parts(self, value: object) -> Iterator[object]:
        if isinstance(value, Mapping):
            yield from list(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield from list(value)
        elif is_dataclass(value) and not isinstance(value, type):
            yield from (vars(value).get(part.name) for part in fields(value) if vars(value))

    def _key(self, function: FunctionType) -> tuple[Path, CodeType]:
        name = function.__code__.co_filename
        if name not in self._paths:
            self._paths[name] = Path(name).resolve()
        return self._paths[name], function.__code__

    def _keep(self, function: FunctionType) -> None:
        if not function.__code__.co_filename.startswith(str(self.folder)):
            return
        alike = self._seen.setdefault(self._key(function), [])
        if any(one is function for one in alike):
            return
        if len(alike) == MOST_ALIKE:
            del alike[-1]
        alike.append(function)

    @property
    def candidates(self) -> list[Candidate]:
        """All functions, file by file as they stand there."""
        return list(self._found.values())

    def instances_of(self, kind: type) -> list[object]:
        """Return the objects of a class that have a name in the module of the class."""
        home = sys.modules.get(kind.__module__)
        return [value for value in vars(home).values() if type(value) is kind] if home else []


def _functions_in(
    code: CodeType, names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], CodeType]]:
    """Yield the code of all functions and lambdas, with the names of what they stand in."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            inner = (*names, part.co_name.strip("<>"))
            is_function = bool(part.co_flags & inspect.CO_OPTIMIZED)  # and no class's body
            if is_function and not part.co_name.endswith(("comp>", "expr>")):
                yield inner, part
            yield from _functions_in(part, inner)


def _function_of(value: object) -> FunctionType | None:
    """Return the function of Python's behind something that can be called, or is looked up."""
    for _ in range(DEPTH):
        if isinstance(value, FunctionType) or value is None or isinstance(value, type):
            break
        if isinstance(value, (MethodType, staticmethod, classmethod)):
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, (functools.cached_property, functools.partial)):
            value = value.func
        else:
            value = vars(value).get("__wrapped__") if hasattr(value, "__dict__") else None
    return value if isinstance(value, FunctionType) else None


def content_of(cell: CellType, empty: object = None) -> object:
    """Return what a function holds in a cell; `empty` where nothing is in it yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return empty


def _loaded(path: Path) -> ModuleType | None:
    """Return the module that was made of a file."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(path.name) and Path(file).resolve() == path:
            return module
    return None


def _imported(relative: Path) -> ModuleType:
    parts = relative.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return importlib.import_module(name)
