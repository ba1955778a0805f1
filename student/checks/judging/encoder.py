"""Judge an encoder block by what flows through it, without knowing a name inside it."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.beside.measure import parameters, set_parameters, settle, unregistered
from checks.beside.probes import Seen, places_seen, standardised, watch
from checks.telling.failures import NUMBERS
from checks.words.compare import (
    LEAST_SPREAD,
    Tolerance,
    Why,
    error_in_variation,
    expect,
    expect_shape,
    fail,
    matches,
    spread,
)
from checks.words.draw import Draw
from checks.words.nearness import noted

# Looser than usual: LayerNorms by hand differ in where a tiny eps is added.
LOOSE: Tolerance = {"rtol": 2e-3, "atol": 2e-4}

RIGHT = ""
NAMED = f"{NUMBERS} if"  # a mistake that completes it
Standardise = Callable[[Tensor], Tensor]
# What a norm by hand does to a token before gain and bias; one often divides by the unbiased deviation.
NORMS: dict[str, tuple[Standardise, ...]] = {
    RIGHT: (standardised, functools.partial(standardised, unbiased=True)),
    "a norm adds a number to the variance that is far larger than 1e-5, the eps of nn.LayerNorm.": (
        *(functools.partial(standardised, eps=eps) for eps in (1.0, 0.5, 0.1, 0.05, 0.01, 0.005)),
    ),
    "a norm divides by the variance, not by its root.": (
        lambda x: standardised(x) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt(),
        lambda x: standardised(x, True) / (x.var(-1, keepdim=True) + 1e-5).sqrt(),
    ),
    "a norm does not subtract the mean.": (
        lambda x: x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt(),
        lambda x: x / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt(),
    ),
    "a norm subtracts the mean and divides by nothing.": (lambda x: x - x.mean(-1, keepdim=True),),
}


def randomise(module: Any, draw: Draw, inputs: Tensor) -> dict[str, Tensor]:
    """Give every parameter random numbers: fresh norms hide which norm is used, and whether.

    inputs   what the module takes; it is run on them, and left in evaluation mode
    """
    settle(module, inputs)  # lazily built layers come into being
    values = {}
    for name, old in parameters(module).items():
        fan_in = old.shape[-1] if old.dim() > 1 else 1
        values[name] = draw(*old.shape) / math.sqrt(fan_in)
    set_parameters(module, values)
    settle(module, inputs)
    return values


def place_of(block: Any, x: Tensor) -> list[str]:
    """Return the submodule that is the block's attention: called once, it lets tokens mix.

    Where neither a stand-in nor the student's MyMSA is inside, the innermost such part is it.
    """
    call = "MyViTBlock(...)(x), counting the calls of its attention"
    lists = unregistered(block)
    if lists:
        fail(call=call, expected="one call of msa(...)", got=f"layers in {lists[0]}",
             why="Layers in a plain Python list are not registered: use nn.ModuleList.")  # fmt: skip
    found = [
        (place, seen)
        for place, seen in places_seen(block, x, "MyMSA")
        if len(seen.inputs) == 1 and has_shape(seen.inputs[0], x.shape)
    ]
    if len(found) > 1:
        changed = torch.cat([-x[:, :1], x[:, 1:]], dim=1)
        found = [(p, seen) for p, seen in found if _mixes(seen, watch(block, changed, p))]
    if not found:
        fail(call=call, expected="one call of msa(...) with all tokens", got="none that was seen",
             why="Build MyMSA in __init__, and call it once in forward.")  # fmt: skip
    return max((place for place, _ in found), key=lambda place: place[0].count("."))


def input_of(block: Any, x: Tensor, place: Sequence[str], call: str) -> Tensor:
    """Return what the part at this place is given when the block is called."""
    inputs = watch(block, x, place).inputs
    if not inputs or not has_shape(inputs[0], x.shape):
        fail(call=call, expected="one call of msa(...) with all tokens, every time",
             got="none, the second time")  # fmt: skip
    return inputs[0]


def has_shape(value: object, shape: Sequence[int]) -> TypeGuard[Tensor]:
    """Whether this is a tensor of that shape. What is watched twice may be another thing each time."""
    return isinstance(value, Tensor) and tuple(value.shape) == tuple(shape)


def result_of(
    block: Any, x: Tensor, place: Sequence[str], answer: Tensor | None, call: str
) -> Tensor:
    """Return what the block makes of x, in its shape, where the part at this place gives that answer."""
    result = watch(block, x, place, answer).result
    expect_shape(result, x.shape, call=call)
    assert isinstance(result, Tensor)
    return result


def _mixes(one: Seen, other: Seen) -> bool:
    """Whether a part's results at the later tokens changed, though of its input only the first did."""
    given, tokens = one.inputs[0], other.inputs[:1]
    if not one.outputs or not other.outputs or given is None:
        return False
    before, after = one.outputs[0], other.outputs[0]
    if before is None or before.dim() < 2 or not has_shape(after, before.shape):
        return False
    if not has_shape(tokens[0], given.shape):
        return False
    same_input = torch.equal(given[:, 1:], tokens[0][:, 1:])
    return same_input and not torch.equal(before[:, 1:], after[:, 1:])


@dataclass(frozen=True)
class Norm:
    """What a norm does, as far as it was seen.

    apart    how near it is to a LayerNorm: up to 1, in units of the tolerance, it is one
    gain     by feature
    mistake  the other norm that it is, "" where it is none of those known
    kinds    what stands in front of gain and bias, as far as this is known
    """

    apart: float
    gain: Tensor
    mistake: str = RIGHT
    kinds: tuple[Standardise, ...] = NORMS[RIGHT]


def normalised_as(seen: Tensor, x: Tensor) -> Norm:
    """Return which norm of the tokens x was seen: standardised, times a gain plus a bias a feature."""
    nearest = Norm(math.inf, torch.ones(x.shape[-1]))
    for mistake, kinds in NORMS.items():
        for kind in kinds:
            apart, gain = fitted_norm(seen.double().flatten(0, -2), kind(x.double()).flatten(0, -2))
            if mistake == RIGHT and apart < nearest.apart:
                nearest = Norm(apart, gain)
            elif mistake != RIGHT and nearest.apart > 1 and apart <= 1:
                return Norm(nearest.apart, gain, mistake, (kind,))
    return nearest


def fitted_norm(target: Tensor, n: Tensor) -> tuple[float, Tensor]:
    """Fit a gain and a bias by feature (least squares); return how near they come, and the gain."""
    centred = n - n.mean(0)
    gain = (centred * target).sum(0) / centred.square().sum(0)
    if spread(target) < LEAST_SPREAD:  # a gain of 0 gives any constant
        return math.inf, gain
    return error_in_variation(n * gain + (target - n * gain).mean(0), target, LOOSE), gain


def is_learned(gain: Tensor) -> bool:
    """Whether a norm's gain, with random weights, is a number of its own for each feature."""
    return bool((gain - gain.mean()).abs().max() > 1e-3)


def outside(values: Mapping[str, Tensor], place: Sequence[str]) -> dict[str, Tensor]:
    """Return the parameters, in float64, but for those of the part at this place."""
    return {
        n: v.double() for n, v in values.items() if not any(n.startswith(p + ".") for p in place)
    }


def of_size(own: Mapping[str, Tensor], numbers: int) -> list[str]:
    return [name for name, value in own.items() if value.numel() == numbers]


def apart_from_affine(inputs: Tensor, outputs: Tensor) -> float:
    """Return how near outputs are to inputs @ A + b for some A and b, in units of the tolerance.

    Needs more rows than inputs has columns.
    """
    if not bool(outputs.isfinite().all()):  # to fit a map to these is an error
        return math.inf
    design = torch.cat([inputs.double(), torch.ones(len(inputs), 1).double()], dim=1)
    fit = torch.linalg.lstsq(design, outputs.double(), driver="gelsd").solution
    return error_in_variation(design @ fit, outputs, LOOSE)
