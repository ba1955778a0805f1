"""Hold what a worker sent for a measurement against what that measurement promises, strictly.

An annotation says it all: `list[bool]`, `float`, a frozen dataclass, `Annotated[int, Within(0)]`. What
is `object` is the student's own, of any kind: a test looks at it. Nothing is converted but a whole
number to a float, a mapping to the dataclass that it was, and what came as a list stays one.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from torch import Tensor

from checks.beside.measurement import MEASUREMENTS
from checks.beside.promise import Items

PLAIN = (type(None), bool, int, str, Tensor)


class Unkept(Exception):
    """A promise that does not hold; the text says of what."""


def typed(value: object, measurement: str) -> Any:
    """Return a measurement's result as what it promises to be. Raises Unkept."""
    return _as(value, _promised(measurement))


@functools.cache
def _promised(measurement: str) -> object:
    function = inspect.unwrap(MEASUREMENTS[measurement])
    return get_type_hints(function, include_extras=True)["return"]


@functools.cache
def _fields(kind: type) -> Mapping[str, object]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@functools.cache
def _made_of(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return an annotation in its two parts: of list[bool] these are list and (bool,)."""
    return get_origin(kind), get_args(kind)


def _as(value: object, kind: Any) -> Any:
    origin, inside = _made_of(kind)
    if kind is object or kind is Any:
        return value
    if kind is float:
        _expect(type(value) in (int, float), value, kind)
        return float(value)  # type: ignore[arg-type]  # it is a number
    if kind in PLAIN or kind is None:
        _expect(type(value) is (type(None) if kind is None else kind), value, kind)
        return value
    if dataclasses.is_dataclass(kind):
        return _as_dataclass(value, kind)
    if origin is Annotated:
        _expect_few(value, inside[1:])
        return _kept(_as(value, inside[0]), inside[1:])
    if origin in (Union, types.UnionType):
        return _as_one_of(value, inside)
    if origin is Literal:
        _expect(isinstance(value, str) and value in inside, value, kind)
        return value
    return _as_container(value, kind)


def _as_container(value: object, kind: Any) -> Any:
    origin, inside = _made_of(kind)
    if origin is list and isinstance(value, list):
        return [_as(one, inside[0]) for one in value]
    if origin is tuple and isinstance(value, tuple) and len(value) == len(inside):
        return tuple(map(_as, value, inside))
    if origin is dict and isinstance(value, dict):
        return {_as(name, inside[0]): _as(one, inside[1]) for name, one in value.items()}
    raise Unkept(f"{type(value).__name__} instead of {kind}")


def _as_dataclass(value: object, kind: Any) -> Any:
    fields = _fields(kind)
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise Unkept(f"not the fields of {kind.__name__}")
    return kind(**{name: _as(value[name], promised) for name, promised in fields.items()})


def _as_one_of(value: object, kinds: tuple[object, ...]) -> Any:
    for kind in kinds:
        try:
            return _as(value, kind)
        except Unkept:
            continue
    raise Unkept(f"{type(value).__name__} instead of one of {kinds}")


def _expect_few(value: object, promises: tuple[object, ...]) -> None:
    """Count items before they are looked at, one by one: a message has room for millions."""
    for promise in promises:
        if isinstance(promise, Items) and isinstance(value, (list, str)):
            _kept(value, (promise,))


def _kept(value: Any, promises: tuple[Any, ...]) -> Any:
    for promise in promises:
        if not promise.holds(value):
            raise Unkept(f"{promise} does not hold")
    return value


def _expect(holds: bool, value: object, kind: object) -> None:
    if not holds:
        raise Unkept(f"{type(value).__name__} instead of {kind}")
