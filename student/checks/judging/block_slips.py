"""Name a mistake in an encoder block: try what well-known ones compute from the student's weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from checks.beside.probes import standardised, watch
from checks.judging.encoder import (
    LOOSE,
    fitted_norm,
    has_shape,
    is_learned,
    of_size,
    outside,
    place_of,
    randomise,
)
from checks.words.compare import matches
from checks.words.draw import Draw

MOST_TRIED = 2000  # readings of the parameters; a plain block has some hundred

Map = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Parts:
    """One reading of a block's parameters; tokens and an answer of the attention to try it with."""

    x: Tensor
    answer: Tensor
    norm1: Map
    norm2: Map
    mlp: Map


# What each mistake returns, by what it gives to the attention. They complete "... if".
GIVEN_NORM1: dict[str, Callable[[Parts], Tensor]] = {
    "the MLP reads the sum without its norm.": lambda p: (z := p.x + p.answer) + p.mlp(z),
    "the first norm is used twice, and the second never.": lambda p: (
        (z := p.x + p.answer) + p.mlp(p.norm1(z))
    ),
    "what goes around the attention is the norm of x, not x itself.": lambda p: (
        (z := p.norm1(p.x) + p.answer) + p.mlp(p.norm2(z))
    ),
    "what goes around the MLP is the norm of the first sum, not the sum itself.": lambda p: (
        (z := p.norm2(p.x + p.answer)) + p.mlp(z)
    ),
    "what goes around the attention and around the MLP is what the norms give: keep what goes into "
    "a norm, and add to that.": lambda p: (z := p.norm2(p.norm1(p.x) + p.answer)) + p.mlp(z),
    "the second sum adds the block's input, not the first sum.": lambda p: (
        p.x + p.mlp(p.norm2(p.x + p.answer))
    ),
    "the first skip connection is missing.": lambda p: p.answer + p.mlp(p.norm2(p.answer)),
    "the second skip connection is missing.": lambda p: p.mlp(p.norm2(p.x + p.answer)),
    "both skip connections are missing.": lambda p: p.mlp(p.norm2(p.answer)),
    "the MLP reads the block's input, beside the attention instead of after it.": lambda p: (
        p.x + p.answer + p.mlp(p.norm2(p.x))
    ),
    "the attention's result is not used, and the input is added twice.": lambda p: (
        2 * p.x + p.mlp(p.norm2(2 * p.x))
    ),
    "the attention's result is not used.": lambda p: p.x + p.mlp(p.norm2(p.x)),
    "a second GELU stands behind the MLP.": lambda p: (
        (z := p.x + p.answer) + F.gelu(p.mlp(p.norm2(z)))
    ),
    "the norm comes behind the MLP instead of before it.": lambda p: (
        (z := p.x + p.answer) + p.norm2(p.mlp(z))
    ),
}
GIVEN_X: dict[str, Callable[[Parts], Tensor]] = {
    "the norms come after the sums: norm(x + msa(x)).": lambda p: p.norm2(
        (z := p.norm1(p.x + p.answer)) + p.mlp(z)
    ),
    "each norm comes behind attention and MLP: the norm comes before the attention, and before the "
    "MLP.": lambda p: (z := p.x + p.norm1(p.answer)) + p.norm2(p.mlp(z)),
    "the attention reads x itself: the norm comes before the attention.": lambda p: (
        (z := p.x + p.answer) + p.mlp(p.norm2(z))
    ),
}
MLP_FIRST = "the MLP comes before the attention."


def why_wrong(block: Any, draw: Draw, d: int, ratio: int = 4) -> str:
    """Say which mistake gives just what the block computes with random weights, if one does."""
    x, answer = 2 * draw(3, 4, d), 2 * draw(3, 4, d)
    values = randomise(block, draw, x)
    place = place_of(block, x)
    seen = watch(block, x, place, answer)
    if (
        not seen.inputs
        or not has_shape(seen.inputs[0], x.shape)
        or not has_shape(seen.result, x.shape)
    ):
        return ""
    given, result = seen.inputs[0].double(), seen.result.double()
    x, answer = x.double(), answer.double()
    own = outside(values, place)
    cause = _norm_of(given, x) or _cause(own, x, answer, given, result, ratio)
    start = "With random weights, your block gives exactly the numbers that come out if"
    return f"{start} {cause}" if cause else ""


def _norm_of(given: Tensor, x: Tensor) -> str:
    """Name a norm that is another than LayerNorm over the features."""
    of_all, of_none = (
        fitted_norm(given.flatten(0, 1), tokens.flatten(0, 1))
        for tokens in (F.layer_norm(x, x.shape[1:]), x)
    )
    if of_all[0] <= 1:
        return "a norm is taken over all tokens at once: nn.LayerNorm(hidden_d) takes each alone."
    if of_none[0] <= 1 and is_learned(of_none[1]):
        return (
            "a norm leaves each token's mean and variance as they are, as nn.BatchNorm1d does in "
            "evaluation mode: it is taken over the batch, not over the features."
        )
    return ""


def _cause(
    own: Mapping[str, Tensor], x: Tensor, answer: Tensor, given: Tensor, result: Tensor, ratio: int
) -> str:
    for parts in itertools.islice(_readings(own, x, answer, ratio), MOST_TRIED):
        if matches(given, x, LOOSE):
            known = GIVEN_X
        elif matches(given, parts.norm1(x), LOOSE):
            known = GIVEN_NORM1
        else:
            half = x + parts.mlp(parts.norm2(x))
            if matches(given, parts.norm1(half), LOOSE) and matches(result, half + answer, LOOSE):
                return MLP_FIRST
            continue
        for cause, mistaken in known.items():
            if matches(result, mistaken(parts), LOOSE):
                return cause
    return ""


def _readings(own: Mapping[str, Tensor], x: Tensor, answer: Tensor, ratio: int) -> Iterator[Parts]:
    d = x.shape[-1]
    matrices, hidden = of_size(own, ratio * d * d), of_size(own, ratio * d)
    vectors = of_size(own, d)
    vectors += [""] * (5 - len(vectors))
    for (first, second), inner in itertools.product(
        itertools.permutations(matrices, 2), [*hidden, ""]
    ):
        for gain1, bias1, gain2, bias2, outer in itertools.permutations(vectors, 5):
            norms = _plain_norm(own, gain1, bias1), _plain_norm(own, gain2, bias2)
            for flipped in (
                False,
                True,
            ):  # nn.Linear's layout, or a matrix multiplied from the right
                yield Parts(x, answer, *norms, _mlp(own, first, inner, second, outer, d, flipped))


def _norm(own: Mapping[str, Tensor], gain: str, bias: str) -> Map:
    """Return what scales and moves tokens that are normalised already."""

    def scaled(tokens: Tensor) -> Tensor:
        tokens = tokens * own[gain].flatten() if gain else tokens
        return tokens + own[bias].flatten() if bias else tokens

    return scaled


def _plain_norm(own: Mapping[str, Tensor], gain: str, bias: str) -> Map:
    scaled = _norm(own, gain, bias)
    return lambda tokens: scaled(standardised(tokens))


def _mlp(
    own: Mapping[str, Tensor],
    first: str,
    inner: str,
    second: str,
    outer: str,
    d: int,
    flipped: bool,
) -> Map:
    up = own[first].reshape(d, -1) if flipped else own[first].reshape(-1, d).T
    down = own[second].reshape(-1, d) if flipped else own[second].reshape(d, -1).T

    def mlp(tokens: Tensor) -> Tensor:
        wide = tokens @ up + (own[inner].flatten() if inner else 0)
        return F.gelu(wide) @ down + (own[outer].flatten() if outer else 0)

    return mlp
