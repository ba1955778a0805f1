"""Tell code that computes something, right or wrong, from code that gives back what it was given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import torch
from torch import Tensor

from checks.beside.measure import complete, parameters, set_parameters
from checks.beside.probes import Seen, places_seen, sites
from checks.judging.encoder import input_of, outside, place_of, randomise
from checks.telling.failures import describe
from checks.words.compare import expect, expect_shape, fail
from checks.words.draw import Draw

LEAST = 1e-3  # of the largest number; what float32 rounds away is a thousand times less
LARGER = 30.0  # times are weights made, where a result is random: a computed one grows with them
MOST_PIXELS = 1000
MOST_CHANGED = 0.1  # of the tokens, by one pixel


def expect_regrouped(patches: object, side: int, call: str) -> None:
    """Fail unless all pixels of one square picture, numbered as one reads them, are there, regrouped.

    A patch, of `side` numbers, takes all places where some rows and some columns of the picture cross:
    as many of the one as of the other. What stands in one row, or in one column, is no patch.
    """
    rows = columns = None
    if _has_numbers(patches) and patches.numel() <= MOST_PIXELS and not patches.numel() % side:
        numbers = patches.double().flatten()
        pixels = (side**2 - 1) * numbers / numbers.abs().max()  # they may have been divided
        whole = bool((pixels - pixels.round()).abs().max() <= LEAST)
        if whole and sorted(set(pixels.round().tolist())) == list(range(side**2)):
            places = pixels.round().reshape(-1, side)
            rows, columns = places // side, places % side
    crossing = math.isqrt(side)
    expect(
        rows is not None
        and columns is not None
        and all(len(set(one.tolist())) == crossing for one in (*rows, *columns)),
        call=call,
        expected=f"all {side**2} pixels, each with others of {crossing} rows and {crossing} columns",
        got="other numbers" if rows is None else "other groups of pixels",
    )


def _has_numbers(value: object) -> TypeGuard[Tensor]:
    """Whether it is a tensor of finite numbers, and has some."""
    if not isinstance(value, Tensor) or value.is_complex() or value.dtype == torch.bool:
        return False
    return bool(value.numel()) and bool(value.isfinite().all())


def expect_waves(table: object, N: int, d: int, call: str) -> None:
    """Fail unless one column of a table (N, d), or (d, N), is a sine or cosine of the position."""
    columns: list[Tensor] = []
    if isinstance(table, Tensor) and table.shape in ((N, d), (d, N)):
        columns = list(filter(_has_numbers, table.mT if table.shape == (N, d) else table))
    expect(
        any(_is_wave(column.double()) for column in columns),
        call=call,
        expected="columns that are sines or cosines of the position",
        got="not one such column" if columns else "no table of numbers",
    )


def _is_wave(column: Tensor) -> bool:
    """Whether c[p + 1] + c[p - 1] = 2 cos(w) c[p] for some w, in p: one without a short period."""
    sums, middle = column[2:] + column[:-2], column[1:-1]
    ratio = (sums @ middle) / (middle @ middle)
    apart = (sums - ratio * middle).abs().max()
    repeats = bool((ratio - ratio.round()).abs() <= LEAST)  # after 1, 2, 3, 4 or 6 positions
    return not repeats and bool(abs(ratio) < 2 and apart <= LEAST * column.abs().max())


def expect_interplay(module: Any, x: Tensor, draw: Draw, call: str) -> None:
    """Fail unless tokens act on each other's results as in attention, right or wrong.

    They do so by learned weights; what one place takes from another depends on what both hold, and not
    linearly; and it matters which of the others has changed, not just what they come to together.
    """
    complete(module, x)
    randomise(module, draw, x)
    a, b = _two_places(x, draw)
    tokens, sequences = b.clone(), b.clone()  # the same changes, of one another's places
    tokens[:, :-1], sequences[1:] = b[:, :-1].flip(1), b[1:].flip(0)
    runs = (x, x + a + b, x + a, x + b, x - b, x + tokens, x + sequences)
    plain, both, one, more, less, *moved = (_result(module, run, call) for run in runs)
    expect(
        not _is_small(both - one - more + plain, plain)
        and not _is_small(_at_a(more + less - 2 * plain), plain)
        and not all(_is_small(_at_a(more - other), plain) for other in moved),
        call=f"{call}, for other tokens beside a token",
        expected="a result that depends on what both hold together",
        got="what each token gives by itself, added up, or a factor of such a sum",
    )
    _expect_weights_to_matter(module, x, draw, call)


def expect_mixing(block: Any, x: Tensor, draw: Draw, call: str) -> None:
    """Fail unless a token's result follows the other tokens, by learned weights and not linearly.

    It does so by an attention. Where what that gives is lost, the same is asked of what it is given.
    """
    complete(block, x)
    randomise(block, draw, x)
    _, others = _two_places(x, draw)
    runs = (x, x + others, x - others)
    plain, more, less = (_result(block, one, call) for one in runs)
    expect_shape(plain, x.shape, call=call)
    expect(
        any(seen.inputs for _, seen in places_seen(block, x, "MyMSA")),
        call=f"{call}, counting the calls of its attention",
        expected="one call",
        got="none that was seen",
    )
    if _is_small(_at_a(more + less - 2 * plain), plain):
        place = place_of(block, x)
        plain, more, less = (input_of(block, one, place, call) for one in runs)
        expect(
            not _is_small(more + less - 2 * plain, plain),
            call=f"{call}, and what its attention is given, for other tokens beside a token",
            expected="numbers that follow the other tokens, by a norm and an attention",
            got="a linear map of the tokens",
        )
    attention = sites(block, "MyMSA")
    _expect_weights_to_matter(block, x, draw, call, attention[0] if len(attention) == 1 else [])


def _two_places(x: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Return a change of one token, the last of the first sequence, and one of all others."""
    one, others = torch.zeros_like(x), 2 * draw(*x.shape)
    one[0, -1], others[0, -1] = 2 * draw(x.shape[-1]), 0
    return one, others


def _at_a(result: Tensor) -> Tensor:
    """Return what came out for that one token, which sees all others under a causal mask as well."""
    return result[:1, -1:]


def _result(module: Any, x: Tensor, call: str) -> Tensor:
    """Return what comes back, in float64; fail where it has no numbers to be compared."""
    result = module(x)
    if not _has_numbers(result) or result.dim() < 2:
        fail(call=call, expected="a tensor of numbers", got=describe(result))
    return result.double()


def _expect_weights_to_matter(
    module: Any, x: Tensor, draw: Draw, call: str, others: Sequence[str] = ()
) -> None:
    """Fail unless the result follows the weights, but for those of the parts of these names."""
    before = parameters(module)
    plain = _result(module, x, call)
    noise = _result(module, x, call) - plain
    randomise(module, draw, x)
    own = outside(before, others)
    set_parameters(module, {name: w for name, w in before.items() if name not in own})
    moved = not _is_small(_result(module, x, call) - plain, plain)
    expect(
        moved and (_is_small(noise, plain) or _grows(module, x, call)),
        call=f"{call}, with other weights",
        expected="another result",
        got="the same",
    )


def _is_small(change: Tensor, result: Tensor) -> bool:
    return bool(change.abs().max() <= LEAST * result.abs().max())


def _grows(module: Any, x: Tensor, call: str) -> bool:
    """Whether a result that is random follows the weights for all that."""
    before = _result(module, x, call).abs().max()
    set_parameters(module, {name: LARGER * w for name, w in parameters(module).items()})
    return bool(_result(module, x, call).abs().max() > 3 * before)


def expect_tokens(models: Sequence[Any], images: Tensor, draw: Draw, call: str) -> None:
    """Fail unless blocks are given sequences of tokens that are made of the images, by some map.

    models   two, built alike: each makes other tokens of the same images, trained or not
    images   two that differ in one pixel: no more than few tokens may differ
    """
    found = []
    for model in models:
        complete(model, images)
        randomise(model, draw, images)
        places = places_seen(model, images, "MyViTBlock")
        found.append([seen for _, seen in places if seen.inputs and _is_block(seen)])
    expect(
        any(_differ(*both) for both in zip(*found)),
        call=f"{call}, looking at what its blocks are given",
        expected="tokens that differ from image to image, and from model to model",
        got="no block that is given such tokens",
    )


def _differ(one: Seen, other: Seen) -> bool:
    """Whether the last patch's token is another one, though the images are the same."""
    before, after = (seen.inputs[0] if seen.inputs else None for seen in (one, other))
    if before is None or after is None or before.shape != after.shape:
        return False
    return not _is_small(after[:, -1] - before[:, -1], before[:, -1])


def _is_block(seen: Seen) -> bool:
    """Whether a part was given other tokens for another image, and is a block as far as can be seen."""
    tokens, made = seen.inputs[0], seen.outputs[0]
    if not isinstance(tokens, Tensor) or tokens.dim() != 3 or len(tokens) != 2:
        return False
    changed = (tokens[0] != tokens[1]).any(-1)
    if not 1 <= int(changed.sum()) <= MOST_CHANGED * len(changed):
        return False
    if any(seen.built_with):
        return True
    if not isinstance(made, Tensor) or made.shape != tokens.shape:
        return False
    # What is made of the other tokens differs as well, if they mix.
    return bool((made[0] != made[1])[~changed].any())
