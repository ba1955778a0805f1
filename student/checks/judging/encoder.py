"""Judge an encoder block by what flows through it, without knowing a name inside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.beside.measure import parameters, set_parameters, settle, unregistered
from checks.beside.probes import places_seen, standardised, watch
from checks.words.compare import Tolerance, Why, error, expect, expect_shape, fail, matches
from checks.words.draw import Draw
from checks.words.nearness import noted

# Looser than usual: LayerNorms by hand differ in where a tiny eps is added.
LOOSE: Tolerance = {"rtol": 2e-3, "atol": 2e-4}


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
        if len(seen["inputs"]) == 1 and seen["inputs"][0].shape == x.shape
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
    inputs = watch(block, x, place)["inputs"]
    if not inputs or not isinstance(inputs[0], Tensor):
        fail(call=call, expected="one call of msa(...) with all tokens, every time",
             got="none, the second time")  # fmt: skip
    return inputs[0]


def _mixes(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a part's results at the later tokens changed, though of its input only the first did."""
    before, after = one["outputs"][0], other["outputs"][0]
    if not isinstance(before, Tensor) or before.shape != after.shape:
        return False
    same_input = torch.equal(one["inputs"][0][:, 1:], other["inputs"][0][:, 1:])
    return same_input and not torch.equal(before[:, 1:], after[:, 1:])


def normalised_as(seen: Tensor, x: Tensor) -> tuple[float, Tensor]:
    """Return how near `seen` is to x standardised, times a gain plus a bias a feature; and that gain.

    Up to 1, in units of the tolerance, it is the same.
    """
    nearest, of_nearest = math.inf, torch.ones(x.shape[-1])
    for unbiased in (False, True):  # a LayerNorm by hand often divides by the unbiased deviation
        n = standardised(x.double(), unbiased).flatten(0, -2)
        target = seen.double().flatten(0, -2)
        centred = n - n.mean(0)
        gain = (centred * target).sum(0) / centred.square().sum(0)  # least squares, by feature
        fitted = n * gain + (target - n * gain).mean(0)
        apart = error(fitted, target, LOOSE)
        if apart < nearest:
            nearest, of_nearest = apart, gain
    return nearest, of_nearest


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
    design = torch.cat([inputs.double(), torch.ones(len(inputs), 1).double()], dim=1)
    fit = torch.linalg.lstsq(design, outputs.double(), driver="gelsd").solution
    return error(design @ fit, outputs.double(), LOOSE)
