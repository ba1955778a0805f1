"""Tell code that computes something, right or wrong, from code that gives back what it was given."""

from __future__ import annotations

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
LEAST_ROWS = 5


def expect_regrouped(patches: object, side: int, call: str) -> None:
    """Fail unless all pixels of one square picture, numbered as one reads them, are there, regrouped.

    Up to a factor: a row of numbers that lie in one row of the picture is no patch.
    """
    numbers = patches.double() if _has_numbers(patches) else torch.zeros(1)
    pixels = (side**2 - 1) * numbers.flatten() / numbers.abs().max()
    kept = sorted(set(pixels.round().tolist())) == list(range(side**2))
    whole = kept and bool((pixels - pixels.round()).abs().max() <= LEAST)
    rows = pixels.round().reshape(-1, side) // side if whole and not len(pixels) % side else None
    expect(
        rows is not None and bool((rows != rows[:, :1]).any()),
        call=call,
        expected=f"all {side**2} pixels, and with each others of another row",
        got="other numbers" if rows is None else f"{side} pixels of one row, everywhere",
    )


def _has_numbers(value: object) -> TypeGuard[Tensor]:
    """Whether it is a tensor of finite numbers, and has some."""
    if not isinstance(value, Tensor) or value.is_complex() or value.dtype == torch.bool:
        return False
    return bool(value.numel()) and bool(value.isfinite().all())


def expect_waves(table: object, call: str) -> None:
    """Fail unless one column of a table, or one row, is a sine or cosine of the position."""
    columns: list[Tensor] = []
    if isinstance(table, Tensor) and table.dim() == 2 and _has_numbers(table):
        columns = [*table.double().mT, *table.double()]
    expect(
        any(map(_is_wave, columns)),
        call=call,
        expected="columns that are sines or cosines of the position",
        got="not one such column" if columns else "no table of numbers",
    )


def _is_wave(column: Tensor) -> bool:
    """Whether c[p + 1] + c[p - 1] = 2 cos(w) c[p] for some w other than 0 and pi."""
    if len(column) < LEAST_ROWS:
        return False
    sums, middle = column[2:] + column[:-2], column[1:-1]
    ratio = (sums @ middle) / (middle @ middle)
    apart = (sums - ratio * middle).abs().max()
    return bool(abs(ratio) < 2 - LEAST and apart <= LEAST * column.abs().max())


def expect_interplay(module: Any, x: Tensor, draw: Draw, call: str) -> None:
    """Fail unless tokens act on each other's results, by learned weights and not just as a sum.

    Of a linear map, and of one of each token by itself, this is 0 for changes a and b of two places:
    f(x + a + b) - f(x + a) - f(x + b) + f(x).
    """
    complete(module, x)
    randomise(module, draw, x)
    a, b = _two_places(x, draw)
    plain, *others = (_result(module, one, call) for one in (x, x + a + b, x + a, x + b))
    together = others[0] - others[1] - others[2] + plain
    expect(
        not _is_small(together, plain),
        call=f"{call}, for other tokens beside a token",
        expected="a result that depends on what both hold together",
        got="what each token gives by itself, added up",
    )
    _expect_weights_to_matter(module, x, draw, call)


def expect_mixing(block: Any, x: Tensor, draw: Draw, call: str) -> None:
    """Fail unless a token's result follows the other tokens, by learned weights and not linearly.

    Where it does not, since what the attention gives is lost, the same is asked of what it is given.
    """
    complete(block, x)
    randomise(block, draw, x)
    _, others = _two_places(x, draw)
    runs = (x, x + others, x - others)
    plain, more, less = (_result(block, one, call) for one in runs)
    expect_shape(plain, x.shape, call=call)
    if _is_small((more + less - 2 * plain)[:1, :1], plain):
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
    """Return a change of the first token of the first sequence, and one of all others."""
    first, others = torch.zeros_like(x), 2 * draw(*x.shape)
    first[0, 0], others[0, 0] = 2 * draw(x.shape[-1]), 0
    return first, others


def _result(module: Any, x: Tensor, call: str) -> Tensor:
    """Return what comes back, in float64; fail where it has no numbers to be compared."""
    result = module(x)
    if not _has_numbers(result):
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
    set_parameters(module, {n: w for n, w in before.items() if n not in outside(before, others)})
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


def expect_tokens(model: Any, images: Tensor, call: str) -> None:
    """Fail unless blocks are given sequences of tokens that are made of the images.

    images   two that differ, though not everywhere
    """
    model.eval()
    complete(model, images)
    places = places_seen(model, images, "MyViTBlock")
    expect(
        any(seen.inputs and _is_block(seen) for _, seen in places),
        call=f"{call}, looking at what its blocks are given",
        expected="tokens that differ from image to image",
        got="no block that is given such tokens",
    )


def _is_block(seen: Seen) -> bool:
    """Whether a part was given other tokens for another image, and is a block as far as can be seen."""
    tokens, made = seen.inputs[0], seen.outputs[0]
    if not isinstance(tokens, Tensor) or tokens.dim() != 3 or len(tokens) != 2:
        return False
    if torch.equal(tokens[0], tokens[1]):
        return False
    if any(seen.built_with):
        return True
    same = (tokens[0] == tokens[1]).all(
        -1
    )  # of both images; what is made of them is not, if they mix
    if not isinstance(made, Tensor) or made.shape != tokens.shape:
        return False
    return bool((made[0] != made[1])[same].any())
