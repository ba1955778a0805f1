"""Choose what to hand to a function: by the names of its parameters, and in every order.

What it takes from around it is handed in as well: the variables of the function that it stands in, and
whole numbers at the top of its file. So a function without parameters has some.
"""

from __future__ import annotations

import collections.abc
import inspect
import itertools
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from types import CellType, CodeType, FunctionType, ModuleType, UnionType
from typing import Any

from torch import Tensor

from autograder.assignment.exercise import FILES
from autograder.proof.pasted.cases import Given, Question
from autograder.proof.pasted.collecting import Candidate, content_of
from checks.running.local import LocalModule

MOST_BY_NAME = 100  # ways to fill the parameters that are tried
MOST_BY_ORDER = 120
MOST_STARRED = 700  # where axes of a tensor may be among them
MOST_SORTED = 3000
MOST_INSTANCES = 3
MOST_NUMBERS = 3  # at the top of a file, which a function uses
PARAMETER, STARRED, HELD, NUMBER = "parameter", "starred", "held", "number"
NOTHING = object()
MODULES = {name.removesuffix(".py") for name in FILES}
Resolve = Callable[[Given], object]  # the value, for what is given


@dataclass(frozen=True)
class Filling:
    """What one slot gets: something that is given, or a value of its own.

    key    of what is given; "" where it is none
    order  axes of a tensor, one after the other
    """

    key: str
    resolve: Resolve
    order: tuple[int, ...] = ()


@dataclass(frozen=True)
class Slot:
    """Something that a function takes: a parameter, or what it uses from around it.

    wanted  what an annotation says that it is
    kinds   classes of which it may be an object, where none says
    """

    name: str
    kind: str
    wanted: object = Any
    default: object = NOTHING
    by_keyword: bool = False
    kinds: Sequence[type] = ()


@dataclass(frozen=True)
class Attempt:
    """A way to fill all slots of a function."""

    fillings: Sequence[tuple[Slot, Filling]]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(filling.key for _, filling in self.fillings)

    @property
    def call(self) -> str:
        """The arguments, as they are written."""
        said = [s.name for s, _ in self.fillings if s.kind == PARAMETER]
        return ", ".join([*said, *(str(axis) for _, f in self.fillings for axis in f.order)])


def slots(candidate: Candidate, function: FunctionType | None) -> list[Slot]:
    """Return what a function takes, known as it was seen or only by its text."""
    code, around = candidate.code, vars(candidate.module)
    cells = function.__closure__ or () if function else ()
    held = dict(zip(code.co_freevars, (content_of(cell, NOTHING) for cell in cells)))
    found = [
        *(_parameters(function, candidate) if function else _by_text(code)),
        *(Slot(name, HELD, default=held.get(name, NOTHING)) for name in code.co_freevars),
    ]
    numbers = [n for n in dict.fromkeys(_names(code)) if type(around.get(n)) is int]
    found += [Slot(n, NUMBER, int, around[n]) for n in numbers[:MOST_NUMBERS]]
    return found


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _parameters(function: FunctionType, candidate: Candidate) -> Iterator[Slot]:
    for number, part in enumerate(inspect.signature(function).parameters.values()):
        wanted = _resolved(part.annotation, vars(candidate.module))
        if number == 0 and candidate.owner is not None and part.annotation is part.empty:
            wanted = candidate.owner if part.name == "self" else type
        default = NOTHING if part.default is part.empty else part.default
        if part.kind is part.VAR_POSITIONAL:
            yield Slot(part.name, STARRED)
        elif part.kind is not part.VAR_KEYWORD:
            if part.name == "cls" and wanted is type:
                default = candidate.owner
            kinds = _records(candidate.module) if wanted is Any else ()
            yield Slot(part.name, PARAMETER, wanted, default, part.kind is part.KEYWORD_ONLY, kinds)


def _records(module: ModuleType) -> Sequence[type]:
    """Return the dataclasses that a file has: a lambda may want an object of one."""
    return [one for one in vars(module).values() if isinstance(one, type) and is_dataclass(one)]


def _by_text(code: CodeType) -> Iterator[Slot]:
    plain = code.co_argcount
    names = code.co_varnames[: plain + code.co_kwonlyargcount]
    yield from (Slot(n, PARAMETER, by_keyword=at >= plain) for at, n in enumerate(names))
    if code.co_flags & inspect.CO_VARARGS:
        yield Slot(code.co_varnames[len(names)], STARRED)


def _resolved(annotation: object, names: Mapping[str, object]) -> object:
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, dict(names))
    except Exception:  # a name that only type checkers know
        return Any


# --- what fits a slot ------------------------------------------------------------------------


class Chooser:
    """Chooses among what a question gives, and the objects of the files' own classes."""

    def __init__(
        self, question: Question, given: Given, instances: Callable[[type], Sequence[object]]
    ) -> None:
        self._question, self._given, self._instances = question, given, instances
        later = question.after
        self._usual = [key for key in given if key not in later]

    def attempts(self, slots: Sequence[Slot], must: str = "") -> Iterator[Attempt]:
        """Yield ways to fill the slots, the likeliest first.

        must  what is given besides the usual, and has to be used
        """
        keys, done = [*([must] if must else []), *self._usual], set()
        for choose, most in ((self._by_name, MOST_BY_NAME), (self._by_order, MOST_BY_ORDER)):
            starred = any(slot.kind == STARRED for slot in slots)
            choices = [choose(slot, keys) for slot in slots]
            for fillings in itertools.islice(
                _nearest_first(choices), MOST_STARRED if starred else most
            ):
                used = [filling.key for filling in fillings if filling.key]
                known = tuple((f.key or id(f.resolve), f.order) for f in fillings)
                if known in done or len(used) > len(set(used)) or (must and must not in used):
                    continue
                done.add(known)
                yield Attempt(list(zip(slots, fillings)))

    def _by_name(self, slot: Slot, keys: Sequence[str]) -> list[Filling]:
        named = [_given(key) for key in keys
                 if slot.kind != STARRED and self._is_called(key, slot.name)
                 and fits(slot.wanted, self._given[key])]  # fmt: skip
        if named:
            return named
        if (
            slot.default is not NOTHING
            and slot.kind != PARAMETER
            and not of_a_student(slot.default)
        ):
            return [_own(slot.default)]
        return self._by_order(slot, keys)

    def _is_called(self, key: str, name: str) -> bool:
        return name.strip("_") in (key, *self._question.names.get(key, ()))

    def _by_order(self, slot: Slot, keys: Sequence[str]) -> list[Filling]:
        if slot.kind == STARRED:
            return [_own(()), *map(_in_order, self._question.orders)]
        own = [] if slot.default is NOTHING or of_a_student(slot.default) else [_own(slot.default)]
        if isinstance(slot.wanted, type) and slot.wanted.__module__ != "builtins":
            own += self._objects(slot.wanted)
        for kind in slot.kinds:
            own += self._objects(kind)
        fitting = [_given(key) for key in keys if fits(slot.wanted, self._given[key])]
        return [*own, *fitting]

    def _objects(self, kind: type) -> Iterator[Filling]:
        """Yield objects of a class: those that there are, one as it comes, one of what is given."""
        yield from (_own(value) for value in self._instances(kind)[:MOST_INSTANCES])
        try:
            parameters = inspect.signature(kind).parameters.values()
        except (TypeError, ValueError):  # a class of C's
            return
        needed = [p for p in parameters if p.default is p.empty
                  and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]  # fmt: skip
        if not needed:
            yield Filling("", lambda given: kind())
            return
        home = vars(inspect.getmodule(kind) or kind)
        ways = [self._for_field(part.name, _resolved(part.annotation, home)) for part in needed]
        for place in range(max(map(len, ways)) if all(ways) else 0):  # what goes by a name alike
            keys = [way[min(place, len(way) - 1)] for way in ways]
            if len(set(keys)) == len(keys):
                yield Filling("", _made(kind, dict(zip([p.name for p in needed], keys))))

    def _for_field(self, name: str, wanted: object) -> list[str]:
        found = [key for key in self._usual if self._is_called(key, name)]
        return [key for key in found if fits(wanted, self._given[key])]


def _made(kind: type, keys: Mapping[str, str]) -> Resolve:
    return lambda given: kind(**{name: given[key] for name, key in keys.items()})


def _given(key: str) -> Filling:
    return Filling(key, lambda given: given[key])


def _own(value: object) -> Filling:
    return Filling("", lambda given: value)


def _in_order(order: tuple[int, ...]) -> Filling:
    return Filling("", lambda given: order, order)


def _nearest_first(choices: Sequence[Sequence[Filling]]) -> Iterator[Sequence[Filling]]:
    """Yield one of each, those first that are far in front in all."""
    if not all(choices):
        return
    many = itertools.islice(itertools.product(*(enumerate(some) for some in choices)), MOST_SORTED)
    ranked = sorted(many, key=lambda one: sum(place for place, f in one if not f.order))
    yield from ([filling for _, filling in one] for one in ranked)


def fits(wanted: object, value: object) -> bool:
    """Whether a value is what an annotation says; where it says nothing that is known, it is."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any or wanted is object or isinstance(wanted, (str, typing.TypeVar)):
        return True
    if wanted is None or wanted is type(None):
        return value is None
    if origin in (typing.Union, UnionType):
        return any(fits(one, value) for one in inner)
    if origin is typing.Annotated:
        return fits(inner[0], value)
    if origin is collections.abc.Callable or wanted is collections.abc.Callable:
        return callable(value)
    if wanted is float:
        return isinstance(value, (int, float))
    kind = origin or wanted
    if not isinstance(kind, type):
        return True
    if isinstance(value, Tensor) and value.dim() and kind in (Sequence, list, Iterable):
        return fits(inner[0] if inner else Any, value)  # it can be gone through as well
    if not _is_one(kind, value):
        return False
    if issubclass(kind, (Sequence, Iterator)) and inner and isinstance(value, Sequence):
        return all(fits(inner[0], part) for part in value[:1])
    return True


def _is_one(kind: type, value: object) -> bool:
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol that cannot be asked
        return True


def of_a_student(value: object) -> bool:
    """Whether a value comes out of the files that were run: whoever holds it has the answer."""
    if isinstance(value, LocalModule):
        return True
    home = getattr(value, "__module__", None)  # of a function or a class, or of an object's class
    return isinstance(home, str) and home in MODULES


def bound(
    candidate: Candidate, function: FunctionType | None, attempt: Attempt, given: Given
) -> Callable[[], object]:
    """Return the call of a function with its slots filled so."""
    values = [(slot, filling.resolve(given)) for slot, filling in attempt.fillings]
    held = {slot.name: value for slot, value in values if slot.kind == HELD}
    code = candidate.code
    cells = tuple(CellType() if held[name] is NOTHING else CellType(held[name])
                  for name in code.co_freevars)  # fmt: skip
    around = function.__globals__ if function else vars(candidate.module)
    made = FunctionType(code, around, code.co_name, None, cells)
    if function is not None:
        made.__defaults__, made.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    plain = [v for s, v in values if s.kind == PARAMETER and not s.by_keyword]
    named = {s.name: v for s, v in values if s.kind == PARAMETER and s.by_keyword}
    starred = [one for s, v in values if s.kind == STARRED for one in typing.cast(tuple[Any], v)]
    numbers = {s.name: v for s, v in values if s.kind == NUMBER}

    def call() -> object:
        around.update(numbers)
        return made(*plain, *starred, **named)

    return call
