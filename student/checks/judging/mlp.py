"""Judge what a block does after its attention: x + mlp(norm2(x)).

First the block's own parameters are searched for the norm and the two maps. Where they do not tell,
what flows does, as in flowing.py: features that are affine in the normalised token are what may stand
before the GELU. Their map is fitted here; that an affine map of GELU of it gives what the block adds,
for tokens that were not watched, is the evidence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.beside.steps import steps
from checks.judging import token_maps
from checks.judging.encoder import (
    LOOSE,
    NAMED,
    RIGHT,
    Norm,
    Standardise,
    fitted_norm,
    input_of,
    is_learned,
    normalised_as,
    of_size,
    outside,
    place_of,
    randomise,
    result_of,
)
from checks.judging.maps import mapped, parallel
from checks.words.compare import LEAST_SPREAD, Why, error_in_variation, expect, spread, varying
from checks.words.draw import Draw
from checks.words.nearness import noted

CALL = "MyViTBlock(...)(x), with random weights"
LENGTH = 2  # tokens of the sequences that are watched
Activation = Callable[[Tensor], Tensor]

NORM_TWICE = "the first norm is used twice, and the second never."
UNNAMED = "another function stands between the linear maps."
UNLEARNED = (
    "a map of the MLP is none that is learned: it stays as it is when the parameters change."
)
NO_GAIN = "the second norm has no learned gain."
ACTIVATIONS: dict[str, tuple[Activation, ...]] = {
    RIGHT: (F.gelu, lambda x: F.gelu(x, approximate="tanh")),
    "the MLP uses ReLU instead of GELU.": (F.relu,),
    "the MLP has no activation between its two linear maps.": (lambda x: x,),
    UNNAMED: (F.silu, torch.sigmoid, torch.tanh, F.leaky_relu, F.elu, F.softplus),
}

OTHER_RATIOS = (1, 2, 3, 4, 8)  # for which the width of an MLP is named
TRIES = 3  # with other inputs: some are too alike to fit a map to; a map that fits is proof
FULL = 1e-4  # of the largest singular value: a direction that is there
NOTHING = 1e-4  # what an MLP with random weights adds is about 1
MOST_NORMS = 300  # a block has some thirty; a crowd of spare parameters must not keep us
MOST_READINGS = 1000  # of the maps, each with all these norms; as a rule there are 24


@dataclass(frozen=True)
class Middle:
    """What may stand before the activation: one first map, with a bias or without, of every norm.

    first  the map's name
    gains  the names of the norms' gains; "" for none
    inner  (norms, B, N, ratio * d)
    """

    first: str
    gains: Sequence[str]
    inner: Tensor


def expect_mlp(
    block: Any,
    values: Mapping[str, Tensor],
    draw: Draw,
    *,
    d: int,
    ratio: int,
    call: str,
    why: Why = "",
    any_known: bool = False,
) -> None:
    """Fail unless what the block adds to z = x + msa is Linear(GELU(Linear(norm2(z)))).

    values     the block's parameters, as `randomise` has drawn them
    why        what explains a failure that no other activation does
    any_known  whether a known mistake is paid for elsewhere, and the sizes alone are judged

    A norm that is mistaken in the way of the first one is paid for there.
    """
    x, answer = 2 * draw(3, 4, d), 2 * draw(3, 4, d)
    place = place_of(block, x)
    own = outside(values, place)
    z = (x + answer).double()
    added = result_of(block, x, place, answer, call).double() - z
    expect(
        bool((added - added[:1, :1]).abs().max() > NOTHING),
        call=call,
        expected="z + mlp(norm2(z)): for every token another result of the MLP is added",
        got="at most the same numbers for every token: what the MLP makes of it is not used",
    )
    first = normalised_as(input_of(block, x, place, call), x)
    cause, nearest = _told_by_parameters(own, z, added, first, ratio)
    if cause is None and (told := _told_by_flow(block, place, first, draw, ratio)):
        cause = told.cause
        if cause == RIGHT:
            randomise(block, draw, x)
            first = normalised_as(input_of(block, x, place, call), x)
            again = _told_by_flow(block, place, first, draw, ratio)
            cause = UNLEARNED if again and told.shares_a_map(again) else RIGHT
        nearest = 0.0 if cause == RIGHT else nearest
    if any_known and cause is not None:
        return
    noted(nearest)
    expected, got, named = (
        "z + mlp(norm2(z)) with GELU between the linear maps",
        "other numbers",
        why,
    )
    if cause is None:
        expected = f"x + mlp(norm2(x)), with an MLP of {d} -> {ratio * d} -> {d} features"
        got += ", whichever of your weights are taken for the norm and the two maps"
        named = _of_another_width(own, z, added, first, ratio) or why
    elif cause not in (RIGHT, UNNAMED):
        named = f"{NAMED} {cause}"
    expect(cause == RIGHT, call=call, expected=expected, got=got, why=named)


def _told_by_parameters(
    own: Mapping[str, Tensor],
    z: Tensor,
    added: Tensor,
    first: Norm,
    ratio: int,
    known: Mapping[str, tuple[Activation, ...]] = ACTIVATIONS,
) -> tuple[str | None, float]:
    """Return RIGHT or a mistake that a reading of the parameters tells; how near the nearest comes."""
    nearest = math.inf
    normed = [kind(z) for kind in first.kinds]
    for cause, activations in known.items():
        readings = _readings(own, normed, ratio, activations)
        for middle, after, second in itertools.islice(readings, MOST_READINGS):
            apart = _apart(added - after @ second.T, added)
            if cause == RIGHT:
                nearest = min(nearest, float(apart.min()))
            if float(apart.min()) > 1:
                continue
            gain = middle.gains[int(apart.argmin()) % len(middle.gains)]
            gains = [own[gain].flatten()] if gain else [torch.ones(1)]
            return cause or _of_gains(gains, first), nearest
    return None, nearest


def _of_another_width(
    own: Mapping[str, Tensor], z: Tensor, added: Tensor, first: Norm, ratio: int
) -> str:
    """Name the width of an MLP that is right but for it; "" where there is none."""
    right = {RIGHT: ACTIVATIONS[RIGHT]}
    for other in OTHER_RATIOS:
        if other != ratio and _told_by_parameters(own, z, added, first, other, right)[0] == RIGHT:
            return f"{NAMED} the MLP is {other} times as wide in the middle, where mlp_ratio is {ratio}."
    return ""


def _middles(own: Mapping[str, Tensor], normed: Sequence[Tensor], ratio: int) -> Iterator[Middle]:
    """Yield all ways to read the norm and the first map, the usual ones first.

    normed   the tokens as the norm may leave them, before gain and bias
    """
    d = normed[0].shape[-1]
    vectors, hidden_vectors = [*of_size(own, d), ""], [*of_size(own, ratio * d), ""]
    next_to = list(itertools.pairwise(vectors))  # a bias follows its gain as a rule
    others = [(g, b) for g, b in itertools.product(vectors, repeat=2) if g != b or not g]
    pairs = [*next_to, *(pair for pair in others if pair not in next_to)]
    tokens, gains = [], []
    for (gain, bias), n in itertools.islice(itertools.product(pairs, normed), MOST_NORMS):
        shift = own[bias].reshape(d) if bias else 0.0
        for start in (0, 1) if gain else ():  # some store a gain's distance from 1
            tokens.append(n * (start + own[gain].reshape(d)) + shift)
        if not gain:
            tokens.append(n + shift)
        gains += [gain] * (2 if gain else 1)
    read = torch.stack(tokens)
    for first in of_size(own, ratio * d * d):
        for flipped in (False, True):
            inner = read @ _matrix(own[first], -1, d, flipped).T
            for bias in hidden_vectors:
                yield Middle(first, gains, inner + own[bias].flatten() if bias else inner)


def _readings(
    own: Mapping[str, Tensor],
    normed: Sequence[Tensor],
    ratio: int,
    activations: Sequence[Activation],
) -> Iterator[tuple[Middle, Tensor, Tensor]]:
    """Yield all ways to go on: what stands before the second map, after any activation, and that map.

    What is compared is all activations' at once: of two that are nearly the same, the nearest counts.
    """
    d = normed[0].shape[-1]
    for middle in _middles(own, normed, ratio):
        after = torch.cat([activation(middle.inner) for activation in activations])
        for second in of_size(own, ratio * d * d):
            for flipped in (False, True) if second != middle.first else ():
                yield middle, after, _matrix(own[second], d, -1, flipped)


def _apart(rest: Tensor, added: Tensor) -> Tensor:
    """Return how near what is added comes to readings' results, in units of the tolerance.

    rest   (R, B, N, d), what each leaves over. The second map's bias is whatever constant is in it.
    """
    off = (rest - rest.mean((1, 2), keepdim=True)).abs() / max(spread(added), LEAST_SPREAD)
    off /= LOOSE["atol"] + LOOSE["rtol"] * varying(added, added).abs()
    return off.flatten(1).amax(1).nan_to_num(nan=math.inf, posinf=math.inf)


def _matrix(weight: Tensor, rows: int, columns: int, flipped: bool) -> Tensor:
    return weight.reshape(columns, rows).T if flipped else weight.reshape(rows, columns)


# --- by what flows ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What the tensors on the way told: RIGHT or a mistake, and the two maps."""

    cause: str
    hidden: Tensor
    outer: Tensor

    def shares_a_map(self, other: Told) -> bool:
        """Whether a map is with other weights a multiple of what it was.

        The first one has the norm's gain in it, by feature, and what tokens of mean 0 leave open. So
        what it can give is compared: with another gain alone, one direction more is the most.
        """
        one, another = self.hidden[:, :-1], other.hidden[:, :-1]
        same_first = _rank(torch.cat([one, another], dim=1)) <= _rank(one) + 1
        return same_first or parallel(self.outer[:, :-1], other.outer[:, :-1])


def _rank(matrix: Tensor) -> int:
    return int(torch.linalg.matrix_rank(matrix, rtol=FULL))


def _told_by_flow(
    block: Any, place: Sequence[str], first: Norm, draw: Draw, ratio: int
) -> Told | None:
    """Return RIGHT or the mistake that the tensors on the way tell; None where they tell nothing.

    place    of the attention, which answers what it is told to
    first    the norm before it
    """
    tries = (_told_once(block, place, first, draw, ratio) for _ in range(TRIES))
    return next((told for told in tries if told is not None), None)


def _told_once(
    block: Any, place: Sequence[str], first: Norm, draw: Draw, ratio: int
) -> Told | None:
    d = len(first.gain)
    normalise: Standardise = first.kinds[0]
    runs, answers = (2 * draw(token_maps.forwards_for(d), 1, LENGTH, d) for _ in range(2))
    tokens = normalise((runs + answers).double())
    seen = token_maps.fitted(steps(block, runs, place, answers), tokens)
    found = [maps for _, maps in token_maps.features(seen, LENGTH)]
    x, answer = 2 * draw(ratio * d, 4, d), 2 * draw(ratio * d, 4, d)
    added = result_of(block, x, place, answer, CALL).double() - (x + answer).double()
    normed = normalise((x + answer).double())
    for hidden in (maps for maps in found if len(maps) == ratio * d):
        for cause, activations in ACTIVATIONS.items():
            inner = mapped(normed, hidden).flatten(0, 1)
            for activation in activations:
                outer = _affine(activation(inner), added.flatten(0, 1))
                if outer is not None:
                    gains = list(_gains(found, normed))
                    return Told(cause or _of_gains(gains, first), hidden, outer)
    return None


def _affine(inputs: Tensor, outputs: Tensor) -> Tensor | None:
    """Return the affine map that is fitted to half of the rows, if it gives the others as well."""
    if not bool(outputs.isfinite().all()):  # to fit a map to these is an error
        return None
    design = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
    half = len(design) // 2
    fit = torch.linalg.lstsq(design[:half], outputs[:half], driver="gelsd").solution
    apart = error_in_variation(design[half:] @ fit, outputs[half:], LOOSE, usual=outputs)
    return fit.T if apart <= 1 else None


def _gains(found: Sequence[Tensor], normed: Tensor) -> Iterator[Tensor]:
    """Yield the gains of what may be the second norm, as far as it was seen."""
    for maps in found:
        if len(maps) == normed.shape[-1]:
            apart, gain = fitted_norm(mapped(normed, maps).flatten(0, 1), normed.flatten(0, 1))
            if apart <= 1:
                yield gain


def _of_gains(gains: Sequence[Tensor], first: Norm) -> str:
    """Judge what may be the second norm's gains. That neither norm has any is paid for elsewhere."""
    learned = [gain for gain in gains if is_learned(gain)]
    if gains and not learned:
        return NO_GAIN if is_learned(first.gain) else RIGHT
    if any(parallel(gain, first.gain) for gain in learned):  # the deviation may be another
        return NORM_TWICE
    return RIGHT
