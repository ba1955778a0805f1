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

from checks.beside.measure import parameters, set_parameters, unregistered
from checks.beside.probes import places_seen, standardised, watch
from checks.words.compare import Tolerance, Why, error, expect, expect_shape, fail, matches
from checks.words.draw import Draw
from checks.words.nearness import noted

# Looser than usual: LayerNorms by hand differ in where a tiny eps is added.
LOOSE: Tolerance = {"rtol": 2e-3, "atol": 2e-4}

Activation = Callable[[Tensor], Tensor]

RIGHT = ""
ACTIVATIONS: dict[str, tuple[Activation, ...]] = {
    RIGHT: (F.gelu, lambda x: F.gelu(x, approximate="tanh")),
    "the MLP uses ReLU instead of GELU.": (F.relu,),
    "the MLP has no activation between its two linear maps.": (lambda x: x,),
}


def randomise(block: Any, draw: Draw) -> dict[str, Tensor]:
    """Give every parameter random numbers: fresh norms hide which norm is used, and whether."""
    values = {}
    for name, old in parameters(block).items():
        fan_in = old.shape[-1] if old.dim() > 1 else 1
        values[name] = draw(*old.shape) / math.sqrt(fan_in)
    set_parameters(block, values)
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


MOST_READINGS = 5000  # a block has some hundred; a crowd of spare parameters must not keep us


@dataclass(frozen=True)
class Mlp:
    """One way to read the parameters as norm2 and the two linear maps."""

    gain: str
    bias: str
    first: str
    first_bias: str
    second: str
    flipped: tuple[bool, bool]


def expect_mlp(
    block: Any,
    values: Mapping[str, Tensor],
    draw: Draw,
    *,
    d: int,
    ratio: int,
    call: str,
    why: Why = "",
) -> None:
    """Fail unless what the block adds to z = x + msa is Linear(GELU(Linear(norm2(z)))).

    values   the block's parameters, as `randomise` has drawn them
    why      what explains a failure that no other activation does
    """
    x, answer = 2 * draw(3, 4, d), 2 * draw(3, 4, d)
    place = place_of(block, x)
    own = outside(values, place)
    seen = watch(block, x, place, answer)
    expect_shape(seen["result"], x.shape, call=call)
    z = (x + answer).double()
    added = seen["result"].double() - z
    _, first_gain = normalised_as(input_of(block, x, place, call), x)

    nearest = math.inf
    for cause, activations in ACTIVATIONS.items():
        for mlp in itertools.islice(_readings(own, d, ratio), MOST_READINGS):
            apart = min(_apart(mlp, own, z, added, activation) for activation in activations)
            if cause == RIGHT:
                nearest = min(nearest, apart)
            if apart > 1:
                continue
            if mlp.gain and matches(own[mlp.gain].flatten(), first_gain, LOOSE):
                cause = "the first norm is used twice, and the second never."
            elif not mlp.gain:
                cause = "the second norm has no learned gain."
            noted(nearest)
            expect(
                cause == RIGHT,
                call=call,
                expected="x + mlp(norm2(x)) with GELU between the linear maps",
                got="other numbers",
                why=f"These are exactly the numbers that come out if {cause}",
            )
            return
    noted(nearest)
    fail(
        call=call,
        expected=f"x + mlp(norm2(x)), with an MLP of {d} -> {ratio * d} -> {d} features",
        got="other numbers, whichever of your weights are taken for the norm and the two maps",
        why=why,
    )


def _readings(own: Mapping[str, Tensor], d: int, ratio: int) -> Iterator[Mlp]:
    matrices = of_size(own, ratio * d * d)
    vectors, hidden_vectors = ["", *of_size(own, d)], ["", *of_size(own, ratio * d)]
    pairs = [(g, b) for g, b in itertools.product(vectors, repeat=2) if g != b or not g]
    for first, second in itertools.permutations(matrices, 2):
        for flipped in itertools.product((False, True), (False, True)):
            for first_bias in hidden_vectors:
                for gain, bias in pairs:
                    yield Mlp(gain, bias, first, first_bias, second, flipped)


def outside(values: Mapping[str, Tensor], place: Sequence[str]) -> dict[str, Tensor]:
    """Return the parameters, in float64, but for those of the part at this place."""
    return {
        n: v.double() for n, v in values.items() if not any(n.startswith(p + ".") for p in place)
    }


def of_size(own: Mapping[str, Tensor], numbers: int) -> list[str]:
    return [name for name, value in own.items() if value.numel() == numbers]


def _apart(
    mlp: Mlp,
    own: Mapping[str, Tensor],
    z: Tensor,
    added: Tensor,
    activation: Activation,
) -> float:
    """Return how near what is added comes to this MLP's result, in units of the tolerance."""
    d, nearest = z.shape[-1], math.inf
    for unbiased, start in itertools.product((False, True), (0, 1)):
        n = standardised(z, unbiased)
        if mlp.gain:
            n = n * (start + own[mlp.gain].reshape(d))  # some store a gain's distance from 1
        if mlp.bias:
            n = n + own[mlp.bias].reshape(d)
        first = _matrix(own[mlp.first], -1, d, mlp.flipped[0])
        second = _matrix(own[mlp.second], d, -1, mlp.flipped[1])
        inner = n @ first.T
        if mlp.first_bias:
            inner = inner + own[mlp.first_bias].flatten()
        rest = added - activation(inner) @ second.T
        # The second map's bias is whatever constant is left.
        nearest = min(nearest, error(added - rest + rest.mean((0, 1)), added, LOOSE))
    return nearest


def _matrix(weight: Tensor, rows: int, columns: int, flipped: bool) -> Tensor:
    return weight.reshape(columns, rows).T if flipped else weight.reshape(rows, columns)


def apart_from_affine(inputs: Tensor, outputs: Tensor) -> float:
    """Return how near outputs are to inputs @ A + b for some A and b, in units of the tolerance.

    Needs more rows than inputs has columns.
    """
    design = torch.cat([inputs.double(), torch.ones(len(inputs), 1).double()], dim=1)
    fit = torch.linalg.lstsq(design, outputs.double(), driver="gelsd").solution
    return error(design @ fit, outputs.double(), LOOSE)
