"""Watch what flows into and out of the parts of a student's model, whatever they are called.

The part (the attention in a block, the blocks in a model) is found as the stand-in that replaced it,
as an instance of the student's class, or else by trying the submodules one after the other. Its
`forward` is then replaced on the instance, so `part(x)` and `part.forward(x)` are both seen.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import torch
from torch import Tensor, nn

from checks.beside.measurement import beside
from checks.beside.promise import MOST_ITEMS, Count, Items, Name, Numbers, is_floating

Place = Annotated[list[Name], Items(least=1)]
Flow = Annotated[list[Numbers | None], Items()]  # None: no tensor of floating-point numbers
Built = dict[Name, int | None]  # None: no whole number


@dataclass(frozen=True)
class Seen:
    """What flowed through the watched parts of a module, in the order of their calls.

    inputs, outputs   one tensor a call
    parts             which of the distinct parts was called
    built_with        how the distinct parts were built, where they are stand-ins
    result            what the module returned: the student's, of any kind
    """

    inputs: Flow
    outputs: Flow
    parts: Annotated[list[Count], Items()]
    built_with: Annotated[list[Built | None], Items()]
    result: object


@beside
def sites(module: object, class_name: str) -> Annotated[list[Place], Items()]:
    """Return the places where parts of that class may be, the likeliest first.

    Each place is a list of submodule names. Where neither a stand-in nor an instance of the class is
    inside, every kind of submodule is a candidate.
    """
    own = list(cast(nn.Module, module).named_modules(remove_duplicate=False))[1:]
    named = [name for name, m in own if _is_a(m, class_name)]
    if named:
        return [named]
    by_kind: dict[type, list[str]] = {}
    for name, part in own:
        if not isinstance(part, (nn.ModuleList, nn.Sequential)):
            by_kind.setdefault(type(part), []).append(name)
    singles = [[name] for names in by_kind.values() for name in names if len(names) > 1]
    return (list(by_kind.values()) + singles)[:MOST_ITEMS]


@beside
def watch(
    module: object, inputs: Tensor, names: Sequence[str], answers: Tensor | None = None
) -> Seen:
    """Run the module and record the parts of these names, up to MOST_ITEMS calls.

    answers   what every watched part returns instead of its own result
    """
    distinct: list[nn.Module] = []
    for name in names:
        part = cast(nn.Module, module).get_submodule(name)
        if not any(part is other for other in distinct):
            distinct.append(part)
    record = _Record([], [], [])
    for number, part in enumerate(distinct):
        _record(part, number, record, answers)
    try:
        result = cast(Any, module)(inputs)
    finally:
        for part in distinct:
            part.__dict__.pop("forward", None)
    flow = (record.inputs[:MOST_ITEMS], record.outputs[:MOST_ITEMS], record.parts[:MOST_ITEMS])
    return Seen(*flow, list(map(_built, distinct[:MOST_ITEMS])), result)


def _built(part: nn.Module) -> Built | None:
    """Return how a stand-in was built. A student's own attribute of that name may be anything."""
    built = getattr(part, "built_with", None)
    if not isinstance(built, dict):
        return None
    return {str(name): _size(value) for name, value in built.items()}


def _size(value: object) -> int | None:
    whole = isinstance(value, float) and value.is_integer()
    return int(cast(int, value)) if whole or isinstance(value, numbers.Integral) else None


def places_seen(
    module: object, inputs: Tensor, class_name: str, answers: Tensor | None = None
) -> Iterator[tuple[list[str], Seen]]:
    """Yield every place where parts of that class may be, with what was seen there.

    Where there is only one, an error of the student's code passes. Where the place is guessed, the
    guess may be what broke the model, and the next is tried.
    """
    places = sites(module, class_name)
    for place in places:
        try:
            seen = watch(module, inputs, place, answers)
        except Exception as error:  # any error that a student's forward may raise
            if len(places) == 1 or getattr(error, "kind", "raised") != "raised":
                raise
            continue
        yield place, seen


def _is_a(module: nn.Module, class_name: str) -> bool:
    kinds = [kind.__name__ for kind in type(module).__mro__]
    return getattr(module, "stands_in_for", None) == class_name or class_name in kinds


@dataclass(frozen=True)
class _Record:
    inputs: list[Tensor | None]
    outputs: list[Tensor | None]
    parts: list[int]


def _record(part: nn.Module, number: int, record: _Record, answers: Tensor | None) -> None:
    own_forward = part.forward

    def forward(*args: Any, **kwargs: Any) -> object:
        tokens = args[0] if args else next(iter(kwargs.values()))
        record.inputs.append(_copy(tokens))
        record.parts.append(number)
        result = answers.clone() if answers is not None else own_forward(*args, **kwargs)
        record.outputs.append(_copy(result))
        return result

    part.__dict__["forward"] = forward


def _copy(value: object) -> Tensor | None:
    return value.detach().clone() if isinstance(value, Tensor) and is_floating(value) else None


def standardised(tokens: Tensor, unbiased: bool = False, eps: float = 1e-5) -> Tensor:
    """Give every token mean 0 and variance 1 over its features: LayerNorm without gain and bias."""
    centred = tokens - tokens.mean(-1, keepdim=True)
    variance = tokens.var(-1, keepdim=True, unbiased=unbiased)
    return centred / torch.sqrt(variance + eps)
