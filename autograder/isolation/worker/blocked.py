"""Refuse forbidden calls while the student's code runs: those that no syntax tree shows.

A name may be put together at run time, or come from a library that makes the same call. So functions
and classes are replaced before the student's code runs, and torch's own operators in its dispatcher,
which C++ goes through as well. Where a file has no forbidden call that could be seen, nothing is left
of what was replaced: there is no original to be dug out. Where it has one, the graded definition
around it has lost its question already, and may go on calling: one mistake, one deduction. And while
the file is loaded, a statement beside the exercise may compare with torch's own.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib.machinery
import math
import sys
import warnings
from collections.abc import Callable, Collection, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from checks.code.forbidden import Forbidden, matches, things
from checks.code.loading import Submission
from checks.telling import wording
from checks.telling.failures import Frame, StudentError

OPERATORS = "torch.ops.aten."
# Every way by which the dispatcher comes to an operator on tensors of a worker.
KEYS = """
    CPU AutogradCPU AutocastCPU BackendSelect
    FuncTorchBatched FuncTorchBatchedDecomposition FuncTorchVmapMode FuncTorchGradWrapper
    NestedTensorCPU AutogradNestedTensor Functionalize ADInplaceOrView
""".split()
# Replaced where torch has something: torch's compiler goes by which operators have these.
COMPOSITE = ("CompositeImplicitAutograd", "CompositeExplicitAutograd")
ROUTES = ("_op", "_op_dk", "redispatch", "decompose")  # of an overload, around the dispatcher
MADE_AND_RUN = ("__init__", "forward")
Call = Callable[..., Any]
Named = tuple[str, object, list[ModuleType]]  # full name, thing, and where else it can be had


class Block:
    """Stands between a student's code and what is forbidden."""

    def __init__(self, submission: Submission, forbidden: Sequence[Forbidden]) -> None:
        self._submission, self._forbidden = submission, forbidden
        self._library: Any = None  # it holds what replaces operators
        self._in_force = False
        self._classes: dict[type, str] = {}
        self._originals: dict[str, Call] = {}
        self._ours: dict[int, Call] = {}  # by id: not everything callable can be hashed

    def enforce(self) -> None:
        """Replace what is forbidden. The student's files have been looked through, and not run."""
        if self._in_force:
            return
        # torch does not annotate it.
        self._library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]  # torch does not annotate it
        for entry in self._forbidden:
            for pattern in entry.calls:
                if pattern.startswith(OPERATORS):
                    self._replace_operators(pattern.removeprefix(OPERATORS), entry.instead)
        roots = {_root(pattern) for entry in self._forbidden for pattern in entry.calls}
        late = {_root(name) for name in sys.modules.keys() - _loaded_at_first()}
        for root in sorted(roots):
            self._replace_all_of(root, _named if root in late else _named_at_first)
        _named_at_first.cache_clear()  # it holds what is replaced
        self._watch_modules_being_made()
        sys.meta_path.insert(0, _LateImports(roots, self._replace_late))
        self._in_force = True

    def _replace_late(self, root: str) -> None:
        self._replace_all_of(root, _named)

    def forget(self) -> None:
        """Drop what only the loading of the files might use."""
        if not self._submission.has_graded_uses:
            self._originals.clear()

    def _replace_all_of(self, root: str, named: Callable[[str], list[Named]]) -> None:
        """Replace what is loaded of a library and forbidden, but for operators."""
        for entry in self._forbidden:
            for pattern in entry.calls:
                if _root(pattern) == root and not pattern.startswith(OPERATORS):
                    for one in named(pattern):
                        self._replace(*one, entry.instead)

    def _replace(self, full: str, thing: object, doors: Sequence[ModuleType], instead: str) -> None:
        if id(thing) in self._ours:
            return  # from an earlier round
        if isinstance(thing, type):
            for method in MADE_AND_RUN:
                original = vars(thing).get(method)
                if original is not None and id(original) not in self._ours:
                    replaced = self._refusing(f"{full}.{method}", instead, original)
                    setattr(thing, method, replaced)
            return
        replaced = self._refusing(full, instead, thing)
        name = _last(full)
        for module in doors:
            if vars(module).get(name) is thing:  # another pattern may have named it, too
                setattr(module, name, replaced)

    def _replace_operators(self, pattern: str, instead: str) -> None:
        """Replace operators for every dispatch key by which a worker's tensors can reach them."""
        for name in _operators(pattern):
            by_hand = attention if name == "scaled_dot_product_attention" else None
            replaced = self._refusing(f"{OPERATORS}{name}", instead, by_hand)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that there was another one is the point
                for key in (*KEYS, *_composite_keys(name)):
                    self._library.impl(name, replaced, key)
            _empty(getattr(torch.ops.aten, name), replaced)

    def _refusing(self, name: str, instead: str, original: Any) -> Call:
        if original is not None and self._submission.has_uses:
            self._originals[name] = original

        def refused(*args: Any, **kwargs: Any) -> Any:
            frames = self._students_frames()
            if name in self._originals and self._submission.may_call(frames):
                return self._originals[name](*args, **kwargs)
            shown = name.removesuffix(".__init__").removesuffix(".forward")
            raise _error(shown, instead, frames[0] if frames else None)

        self._ours[id(refused)] = refused
        return refused

    def _watch_modules_being_made(self) -> None:
        """Judge every nn.Module by where its class, and what that derives from, comes from."""
        make = nn.Module.__init__

        @functools.wraps(make)
        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:
            instead = self._judged(type(module))
            if instead:
                self._refusing(type(module).__qualname__, instead, None)()
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
            for entry in self._forbidden:
                # What torch itself has is replaced; this is about libraries that come in later.
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in entry.calls):
                    return "" if name.startswith("torch.") else entry.instead
        return ""

    def _students_frames(self) -> list[FrameType]:
        """Return the frames in the student's files, innermost first; a thread may have none."""
        files = set(map(str, self._submission.files))
        found: list[FrameType] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in files:
                found.append(frame)
            frame = frame.f_back
        return found


class _LateImports(MetaPathFinder):
    """Tells when something of a library has been imported, with all that it imports itself."""

    def __init__(self, roots: Collection[str], after: Callable[[str], None]) -> None:
        self._roots, self._after = roots, after
        self._inside = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root = _root(name)
        if self._inside or root not in self._roots:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        loader = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                self._inside = True
                try:
                    execute(module)
                finally:
                    self._inside = False
                    self._after(root)

            loader.exec_module = exec_module  # type: ignore[method-assign]  # of this loader alone
        return spec


@functools.cache
def _composite_keys(name: str) -> list[str]:
    return [key for key in COMPOSITE if _has(name, key)]


def _has(name: str, *keys: str) -> bool:
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    return any(has(f"aten::{name}", key) for key in keys)


def _empty(packet: Any, replaced: Call) -> None:
    """Take what runs out of an operator's object, which stays: torch's own tools look it up."""
    packet._op = replaced
    for name in packet.overloads():
        overload = getattr(packet, name)
        for route in ROUTES:
            setattr(overload, route, replaced)


def _root(name: str) -> str:
    return name.split(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _error(name: str, instead: str, frame: FrameType | None) -> StudentError:
    frames = []
    if frame is not None:
        file = Path(frame.f_code.co_filename).name
        frames = [Frame(file, frame.f_lineno, frame.f_code.co_name, "")]
    return StudentError("forbidden", wording.forbidden(name, instead), frames=frames)


def prepare(forbidden: Sequence[Forbidden]) -> None:
    """Look up what is forbidden once, before workers are forked: it goes through all of torch."""
    _loaded_at_first()
    things(forbidden)
    for entry in forbidden:
        for pattern in entry.calls:
            if pattern.startswith(OPERATORS):
                for name in _operators(pattern.removeprefix(OPERATORS)):
                    _composite_keys(name)
            else:
                _named_at_first(pattern)


def _named(pattern: str) -> list[Named]:
    """Return what is loaded and named by a pattern, and the modules of its library that have it."""
    root = _root(pattern)
    modules = [module for name, module in list(sys.modules.items()) if _root(name) == root]
    return [
        (full, thing, [] if isinstance(thing, type)
         else [module for module in modules if vars(module).get(_last(full)) is thing])
        for full, thing in matches(pattern)
    ]  # fmt: skip


@functools.cache
def _named_at_first(pattern: str) -> list[Named]:
    """Return the same as it was when it was looked up first."""
    return _named(pattern)


@functools.cache
def _loaded_at_first() -> frozenset[str]:
    return frozenset(sys.modules)


@functools.cache
def _operators(pattern: str) -> list[str]:
    """Return the names of torch's operators that a pattern names and a processor can run."""
    names = {
        schema.name.removeprefix("aten::")
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("aten::") and not schema.overload_name
    }
    return [
        name for name in sorted(fnmatch.filter(names, pattern)) if _has(name, "CPU", *COMPOSITE)
    ]


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return what the replaced operator would, for code that has paid for using it."""
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None:
        hidden = attn_mask.dtype == torch.bool
        scores = scores.masked_fill(~attn_mask, -math.inf) if hidden else scores + attn_mask
    return torch.dropout(scores.softmax(-1), dropout_p, train=True) @ v
