"""Take out of a worker what is forbidden, before the student's code runs: nothing of it is left.

A name may be put together at run time, or come from a library that makes the same call. So it is not
asked who calls. A function of Python's is emptied where it stands: whoever holds it holds a refusal.
torch's own operators are replaced in its dispatcher, which C++ goes through as well, wherever they
have something that runs; what leads to them is replaced in every module that has it.

Where a file has a forbidden call that could be seen, the graded definition around it has lost its
question. For the questions that it has not lost it is needed whole: in their workers nothing is taken.
"""

from __future__ import annotations

import ctypes
import fnmatch
import functools
import importlib.machinery
import itertools
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import torch
from torch import nn

from autograder.isolation.worker import wire
from checks.code.forbidden import Forbidden, matches, note_replaced, things
from checks.telling import wording
from checks.telling.failures import Frame, StudentError

OPERATORS = "torch.ops.aten."
NAME, INSTEAD = "its name", "what to do instead"  # stand in `_refused` for a function's own words
ALWAYS = ("CPU", "AutogradCPU")  # dispatch keys, also of an operator that has nothing for them
ROUTES = ("_op", "_op_dk", "redispatch", "decompose")  # of an overload, around the dispatcher
MADE_AND_RUN = ("__init__", "forward")
Call = Callable[..., Any]
Named = tuple[str, object, list[ModuleType]]  # full name, thing, and where else it can be had

_files: set[str] = set()  # of the student's: where a refused call may have come from
refused: dict[tuple[str, str, int], None] = {}  # calls, each once: name, file and line


class Block:
    """Stands between a student's code and what is forbidden."""

    def __init__(self, forbidden: Sequence[Forbidden]) -> None:
        self.forbidden = forbidden
        self.in_force = False
        self._classes: dict[type, str] = {}
        self._done: dict[int, object] = {}  # by id, and held: no other thing gets that number

    def enforce(self) -> None:
        """Take out what is forbidden, unless that is done. None of the student's code has run yet."""
        if self.in_force:
            return
        self.in_force = True
        library = torch._C._dispatch_library("IMPL", "aten", "", __file__)
        for entry in self.forbidden:
            for pattern in entry.calls:
                if pattern.startswith(OPERATORS):
                    _replace_operators(library, pattern.removeprefix(OPERATORS), entry.instead)
        # It holds what replaces operators. Kept by a count alone, it is nowhere to be found and undone.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
        roots = {_root(pattern) for entry in self.forbidden for pattern in entry.calls}
        late = {_root(name) for name in _loaded_since()}
        for root in sorted(roots):
            self._take_out_of(root, _named if root in late else _named_at_first)
        _named_at_first.cache_clear()  # it holds what is taken out
        self._watch_modules_being_made()
        sys.meta_path.insert(0, _LateImports(roots, self._take_out_late))

    def _take_out_late(self, root: str) -> None:
        self._take_out_of(root, _named)

    def _take_out_of(self, root: str, named: Callable[[str], list[Named]]) -> None:
        """Take out what is loaded of a library and forbidden, but for operators."""
        for entry in self.forbidden:
            for pattern in entry.calls:
                if _root(pattern) == root and not pattern.startswith(OPERATORS):
                    for one in named(pattern):
                        self._take_out(*one, entry.instead)

    def _take_out(
        self, full: str, thing: object, doors: Sequence[ModuleType], instead: str
    ) -> None:
        if id(thing) in self._done:
            return  # from an earlier round, or under another name
        if isinstance(thing, type):
            runs = issubclass(thing, (nn.Module, torch.autograd.Function))
            for name in [*vars(thing)] if runs else MADE_AND_RUN:
                original = vars(thing).get(name)
                original = getattr(original, "__func__", original)  # of a static method
                if isinstance(original, FunctionType):
                    _empty_function(original, full, instead)
                elif original is not None and name in MADE_AND_RUN:  # of C++
                    setattr(thing, name, _refusing(full, instead))
            self._done[id(thing)] = thing
            return
        for function in _functions_in(thing, full.rpartition(".")[0]):
            _empty_function(function, full, instead)
        if isinstance(thing, FunctionType):
            self._done[id(thing)] = thing
            return
        refuse = _refusing(full, instead)
        self._done[id(refuse)] = refuse
        note_replaced(self.forbidden, thing, refuse, instead)
        for module in doors:
            if vars(module).get(_last(full)) is thing:  # another pattern may have named it, too
                setattr(module, _last(full), refuse)

    def _watch_modules_being_made(self) -> None:
        """Judge every nn.Module by where its class, and what that derives from, comes from."""
        make = nn.Module.__init__

        @functools.wraps(make)
        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:
            instead = self._judged(type(module))
            if instead:
                raise refusal(type(module).__qualname__, instead)
            make(module, *args, **kwargs)

        nn.Module.__init__ = __init__  # type: ignore[method-assign, assignment]  # to replace it is the point

    def _judged(self, made: type) -> str:
        """Return what to do instead of a module of this class; "" where it is allowed."""
        if made not in self._classes:
            self._classes[made] = self._judge(made)
        return self._classes[made]

    def _judge(self, made: type) -> str:
        for kind in made.__mro__:
            name = f"{kind.__module__}.{kind.__qualname__}"
            for entry in self.forbidden:
                # What torch itself has is replaced; this is about libraries that come in later.
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in entry.calls):
                    return "" if name.startswith("torch.") else entry.instead
        return ""


class _LateImports(MetaPathFinder):
    """Tells when something of a library has been imported, with all that it imports of itself.

    What it imports of another library is that one's own: before the first one goes on, or what else it
    imports, a file of a student's perhaps, the other one is told of.
    """

    def __init__(self, roots: Collection[str], after: Callable[[str], None]) -> None:
        self._roots, self._after = roots, after
        self._inside: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root = _root(name)
        if root in self._inside or root not in self._roots:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        loader = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                self._inside.add(root)
                try:
                    execute(module)
                finally:
                    self._inside.remove(root)
                    self._after(root)

            loader.exec_module = exec_module  # type: ignore[method-assign]  # of this loader alone
        return spec


def mind(files: Iterable[Path]) -> None:
    """Take these for the student's files, which a refused call may have come from."""
    _files.update(map(str, files))


def refusal(name: str, instead: str) -> StudentError:
    """Return the error of a forbidden call, with the student's line that led to it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename not in _files:
        frame = frame.f_back
    frames, file, line = [], "", 0
    if frame is not None:  # a thread may have no line of theirs
        file, line = Path(frame.f_code.co_filename).name, frame.f_lineno
        frames = [Frame(file, line, frame.f_code.co_name, "")]
    if len(refused) < wire.MOST_REFUSED:
        refused[name, file, line] = None
    return StudentError("forbidden", wording.forbidden(name, instead), frames=frames)


def _replace_operators(library: Any, pattern: str, instead: str) -> None:
    """Replace operators for every dispatch key for which they have something that runs."""
    for name in _operators(pattern):
        refuse = _refusing(f"{OPERATORS}{name}", instead)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there was another one is the point
            for key in _keys(name):
                library.impl(name, key, refuse, False)
        _empty_operator(getattr(torch.ops.aten, name), refuse)


def _refusing(name: str, instead: str) -> Call:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise refusal(name, instead)

    return refuse


def _empty_function(function: FunctionType, name: str, instead: str) -> None:
    """Put a refusal where a function's code is, so that it is gone for whoever holds the function."""
    words = {NAME: name, INSTEAD: instead}
    code = _refused.__code__
    function.__code__ = code.replace(
        co_freevars=function.__code__.co_freevars,
        co_consts=tuple(words.get(constant, constant) for constant in code.co_consts),
        co_filename=f"<in the place of {name}>",
    )
    function.__defaults__ = function.__kwdefaults__ = None


def _refused(*args: Any, **kwargs: Any) -> Any:
    """What stands for a function that is forbidden. It has that one's globals, and so none of ours."""
    import sys

    raise sys.modules["autograder.isolation.worker.blocked"].refusal(
        "its name", "what to do instead"
    )


def _functions_in(thing: object, found_in: str) -> Iterator[FunctionType]:
    """Yield the functions of Python's that are behind something that can be called.

    These are it, what it wraps, and what an object holds of functions of the module that it was found
    in, or its class.
    """
    if not isinstance(thing, FunctionType):
        held = list(getattr(thing, "__dict__", {}).values())
        held += [value for part in held if isinstance(part, dict) for value in part.values()]
        homes = (found_in, getattr(thing, "__module__", ""))
        for value in held:
            if isinstance(value, FunctionType) and value.__module__ in homes:
                yield from _functions_in(value, found_in)
    while thing is not None:
        if isinstance(thing, FunctionType):
            yield thing
        thing = getattr(thing, "__wrapped__", None)


def _keys(name: str) -> list[str]:
    """Return the dispatch keys for which a refusal takes an operator's place."""
    return list(dict.fromkeys((*ALWAYS, *_keys_with_kernels(name))))


@functools.cache
def _keys_with_kernels(name: str) -> Sequence[str]:
    return [key for key in torch._C.DispatchKey.__members__ if _has(name, key)]


def _has(name: str, key: str) -> bool:
    try:
        has: bool = torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", key)
    except RuntimeError:  # no key of its own, but a mark where others end
        return False
    return has


def _empty_operator(packet: Any, refuse: Call) -> None:
    """Take what runs out of an operator's object, which stays: torch's own tools look it up."""
    packet._op = refuse
    for name in packet.overloads():
        overload = getattr(packet, name)
        for route in ROUTES:
            setattr(overload, route, refuse)


def _root(name: str) -> str:
    return name.split(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def prepare(forbidden: Sequence[Forbidden]) -> None:
    """Look up what is forbidden once, before workers are forked: it goes through all of torch."""
    _last_at_first()
    things(forbidden)
    for entry in forbidden:
        for pattern in entry.calls:
            if pattern.startswith(OPERATORS):
                for name in _operators(pattern.removeprefix(OPERATORS)):
                    _keys_with_kernels(name)
            else:
                _named_at_first(pattern)


def _named(pattern: str) -> list[Named]:
    """Return what is loaded and named by a pattern, and the modules of its library that have it."""
    root = _root(pattern)
    modules = [module for name, module in list(sys.modules.items()) if _root(name) == root]
    return [
        (full, thing, [] if isinstance(thing, type) else _doors(_last(full), thing, modules))
        for full, thing in matches(pattern)
    ]


def _doors(name: str, thing: object, modules: Sequence[ModuleType]) -> list[ModuleType]:
    return [module for module in modules if vars(module).get(name) is thing]


@functools.cache
def _named_at_first(pattern: str) -> list[Named]:
    """Return the same as it was when it was looked up first."""
    return _named(pattern)


@functools.cache
def _last_at_first() -> str:
    """Return the module that was loaded last when this was asked first."""
    return next(reversed(sys.modules))


def _loaded_since() -> Iterator[str]:
    """Yield the modules that came later. To touch all others would copy the memory they lie in."""
    return itertools.takewhile(lambda name: name != _last_at_first(), reversed(sys.modules))


@functools.cache
def _operators(pattern: str) -> list[str]:
    """Return the names of torch's operators that a pattern names and a processor can run."""
    names = {
        schema.name.removeprefix("aten::")
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("aten::") and not schema.overload_name
    }
    return [name for name in sorted(fnmatch.filter(names, pattern)) if _keys_with_kernels(name)]
