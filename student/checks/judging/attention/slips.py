"""What well-known mistakes in attention compute from queries, keys and values.

What is right is torch's own attention: nothing here shows how it is written.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.words.compare import Tolerance

LOOSE: Tolerance = {"rtol": 1e-3, "atol": 1e-4}  # float32 against float64, outputs up to about 10

# What the scores q @ k^T are multiplied by, from d, d_head and the length; attention weights from
# q and k, as heads, and that scale. A cause completes "These are exactly the numbers that come out if".
Scale = Callable[[int, int, int], float]
Weigh = Callable[[Tensor, Tensor, float], Tensor]


def _right_scale(d: int, d_head: int, length: int) -> float:
    return 1 / math.sqrt(d_head)


def attended(q: Tensor, k: Tensor, scale: float | None = None, causal: bool = False) -> Tensor:
    """Return the weights (..., queries, keys) of torch's own attention: what it makes of unit values.

    q, k   (..., N, d_head), of heads; the axes in front are broadcast
    scale  of the scores, if it is not 1 / sqrt(d_head)
    """
    unit = torch.eye(k.shape[-2], dtype=k.dtype)
    return F.scaled_dot_product_attention(q, k, unit, is_causal=causal, scale=scale)


def _of_scores(weights: Callable[[Tensor], Tensor]) -> Weigh:
    """Weigh by a function of the scores (..., B, head, N, N)."""
    return lambda q, k, scale: weights(q @ k.mT * scale)


def _over_all(scores: Tensor) -> Tensor:
    return scores.flatten(-2).softmax(-1).reshape(scores.shape)


@dataclass(frozen=True)
class Mistake:
    """A way to compute attention that differs from the right one in one place, or in some."""

    scale: Scale = _right_scale
    weigh: Weigh = attended
    split: str = "right"  # or "reshape", "unswapped"
    merge: str = "right"  # or "reshape", "mean"
    adds_input: bool = False
    over_batch: bool = False
    shares: bool = False  # keys and values, among the heads
    values_unmapped: bool = False

    @property
    def places(self) -> dict[str, object]:
        """Where it differs from what is right, and how."""
        fields = [field.name for field in dataclasses.fields(self)]
        return {n: getattr(self, n) for n in fields if getattr(self, n) != getattr(NONE, n)}


NONE = Mistake()

GATHERED = "one map is used for two: what the weights gather are the {}, and not the values."
REPEATED = {  # which two
    ("q", "k"): "one map is used for two: q and k come from the same.",
    ("q", "v"): GATHERED.format("queries"),
    ("k", "v"): GATHERED.format("keys"),
}
SHARED = "keys and values are shared by all heads: each head has maps of its own."
UNMAPPED = "the tokens themselves are gathered: v is a linear map of them."
AVERAGED = "the result is averaged over the heads: put the heads side by side."
AFTER = "the division by sqrt(d_head) comes after the softmax, not before it."
AFTER_BY_D = (
    "the division comes after the softmax, and by sqrt(d): it is the scores that are divided, by "
    "sqrt(d_head)."
)
UNMAPPED_SCORES = "the tokens themselves are compared: q and k are linear maps of them."
UNLEARNED = "a map for q, k, v or the output does not follow from the weights: each is learned."
UNSCALED = "the scores are not divided by sqrt(d_head)."


MISTAKES = {
    UNSCALED: Mistake(lambda d, d_head, length: 1.0),
    "the scores are divided by sqrt(d) instead of sqrt(d_head).": Mistake(
        lambda d, d_head, length: 1 / math.sqrt(d)
    ),
    "the scores are divided by d_head instead of its root.": Mistake(
        lambda d, d_head, length: 1 / d_head
    ),
    "the scores are divided by d instead of sqrt(d_head).": Mistake(
        lambda d, d_head, length: 1 / d
    ),
    "the scores are divided by the root of the sequence's length.": Mistake(
        lambda d, d_head, length: 1 / math.sqrt(length)
    ),
    "the scores are multiplied by sqrt(d_head).": Mistake(
        lambda d, d_head, length: math.sqrt(d_head)
    ),
    "the softmax runs over the queries, not over the keys (for scores of shape (..., query, key) "
    "that is dim=-1).": Mistake(weigh=lambda q, k, scale: attended(k, q, scale).mT),
    "the heads are split by reshape alone, which mixes tokens: split the last axis, then swap axes.": (
        Mistake(split="reshape")
    ),
    "the heads are put together by reshape alone, which mixes tokens: swap the axes back first.": (
        Mistake(merge="reshape")
    ),
    "the heads are split and put together by reshape alone, which mixes tokens: split the last axis, "
    "then swap axes, and swap them back at the end.": Mistake(split="reshape", merge="reshape"),
    "the heads of one token attend to each other, and no token to another at all: swap the axes of "
    "tokens and heads before the scores.": Mistake(split="unswapped", merge="reshape"),
    "the heads of one token attend to each other, and no token to another at all, and heads and tokens "
    "change places at the end only: swap the axes of tokens and heads before the scores.": (
        Mistake(split="unswapped")
    ),
    AVERAGED: Mistake(merge="mean"),
    "there is no softmax.": Mistake(weigh=_of_scores(lambda scores: scores)),
    "a sigmoid stands where the softmax belongs.": Mistake(weigh=_of_scores(torch.sigmoid)),
    "a ReLU stands where the softmax belongs.": Mistake(weigh=_of_scores(torch.relu)),
    "the softmax runs over the heads, not over the keys.": Mistake(
        weigh=_of_scores(lambda scores: scores.softmax(-3))
    ),
    "the softmax runs over the batch, not over the keys.": Mistake(
        weigh=_of_scores(lambda scores: scores.softmax(-4))
    ),
    "the softmax runs over all scores of a head at once: each row of (N, N) must sum to 1.": (
        Mistake(weigh=_of_scores(_over_all))
    ),
    "a causal mask is left in: every token may attend to every other.": Mistake(
        weigh=lambda q, k, scale: attended(q, k, scale, causal=True)
    ),
    "the input is added to the result: that is the block's part.": Mistake(adds_input=True),
    "tokens attend over the batch: the sequences are the first axis, the tokens the second.": (
        Mistake(over_batch=True)
    ),
    SHARED: Mistake(shares=True),
    UNMAPPED: Mistake(values_unmapped=True),
}


def combined() -> Iterator[tuple[str, Mistake]]:
    """Yield every two of the mistakes that lie in different places, as one."""
    for (one, first), (other, second) in itertools.combinations(MISTAKES.items(), 2):
        if not first.places.keys() & second.places.keys():
            cause = f"{one.removesuffix('.')}, and {other}"
            yield cause, dataclasses.replace(first, **second.places)  # type: ignore[arg-type]  # fields of its own


def weighed(mistake: Mistake, q: Tensor, k: Tensor, n_heads: int) -> Tensor:
    """Return the attention weights (..., B, head, N, N) for q and k (..., B, N, d)."""
    d, length = q.shape[-1], k.shape[-2]
    scale = mistake.scale(d, d // n_heads, length)
    q, k = _heads(mistake, q, n_heads), _heads(mistake, k, n_heads)
    return mistake.weigh(q, k, scale)


def gathered(mistake: Mistake, weights: Tensor, v: Tensor) -> Tensor:
    """Return what the heads gather with these weights, side by side, of v (..., B, N, d)."""
    n_heads = weights.shape[-1 if mistake.split == "unswapped" else -3]
    result = weights @ _heads(mistake, v, n_heads)
    if mistake.merge == "mean":
        result = result.mean(-3, keepdim=True).expand_as(result)
    if mistake.merge != "reshape":
        result = result.transpose(-3, -2)
    return result.reshape(v.shape)


def _heads(mistake: Mistake, mapped: Tensor, n_heads: int) -> Tensor:
    if mistake.split == "reshape":
        return mapped.reshape(*mapped.shape[:-2], n_heads, mapped.shape[-2], -1)
    heads = mapped.reshape(*mapped.shape[:-1], n_heads, -1)
    return heads if mistake.split == "unswapped" else heads.transpose(-3, -2)
