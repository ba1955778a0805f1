"""Name a mistake in attention: try what each well-known one computes from the student's own weights.

Here the mistake may lie anywhere between the maps and the result, so only the plain layouts of the
parameters are tried; attention.py beside this tries all of them for what is right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from checks.words.compare import Tolerance, error

LOOSE: Tolerance = {"rtol": 1e-3, "atol": 1e-4}  # float32 against float64, outputs up to about 10

MOST_TRIED = 30_000  # readings: four maps in all orders are some thousand
AT_ONCE = 2_000
FEW = 4  # numbers

REPEATED = "one map is used for two of q, k, v and the output."
NOWHERE = -1  # the place of what is no parameter

# Attention weights from raw scores q @ k^T, d and d_head: as right, and as mistaken in the one step
# between. A cause completes "These are exactly the numbers that come out if ...".
Formula = Callable[[Tensor, int, int], Tensor]
RIGHT: Formula = lambda s, d, d_head: (s / math.sqrt(d_head)).softmax(-1)  # noqa: E731
SLIPS: dict[str, Formula] = {
    "the scores are not divided by sqrt(d_head).": lambda s, d, d_head: s.softmax(-1),
    "the scores are divided by sqrt(d) instead of sqrt(d_head).": lambda s, d, d_head: (
        s / math.sqrt(d)
    ).softmax(-1),
    "the scores are divided by d_head instead of its root.": lambda s, d, d_head: (
        s / d_head
    ).softmax(-1),
    "the scores are divided by d instead of sqrt(d_head).": lambda s, d, d_head: (s / d).softmax(
        -1
    ),
    "the scores are divided by the root of the sequence's length.": lambda s, d, d_head: (
        s / math.sqrt(s.shape[-1])
    ).softmax(-1),
    "the scores are multiplied by sqrt(d_head).": lambda s, d, d_head: (
        s * math.sqrt(d_head)
    ).softmax(-1),
    "the softmax runs over the queries, not over the keys (for scores of shape (..., query, key) "
    "that is dim=-1).": lambda s, d, d_head: (s / math.sqrt(d_head)).softmax(-2),
}


Maps = tuple[Tensor, Tensor, Tensor, Tensor]  # index matrices of q, k, v and the output
Readings = list[Maps]


@dataclass(frozen=True)
class PlainReadings:
    """The maps that a module's parameters may be, each (d, d) indices into the vector of all of them.

    theta   that vector
    maps    of all heads
    outs    the identity, for where there is no output map, and the maps
    shared  of one head's features, repeated for every head
    zero    indices from here on are constants
    """

    theta: Tensor
    maps: Tensor
    outs: Tensor
    shared: Tensor
    zero: int

    @property
    def all(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.maps, self.outs, self.shared


@dataclass(frozen=True)
class Mistake:
    """A way to compute attention that differs from the right one in one place."""

    weights: Formula = RIGHT
    split: str = "right"  # or "reshape"
    merge: str = "right"  # or "reshape", "mean"
    adds_input: bool = False
    over_batch: bool = False
    shares: bool = False
    values_unmapped: bool = False
    repeats: bool = False  # one map serves twice


NONE = Mistake()


def _causal(scores: Tensor, d: int, d_head: int) -> Tensor:
    later = torch.ones_like(scores).triu(1).bool()
    return (scores / math.sqrt(d_head)).masked_fill(later, -math.inf).softmax(-1)


def _over_all(scores: Tensor, d: int, d_head: int) -> Tensor:
    return (scores / math.sqrt(d_head)).flatten(-2).softmax(-1).reshape(scores.shape)


MISTAKES = {
    **{cause: Mistake(formula) for cause, formula in SLIPS.items()},
    REPEATED: Mistake(repeats=True),
    "the heads are split by reshape alone, which mixes tokens: split the last axis, then swap axes.": (
        Mistake(split="reshape")
    ),
    "the heads are put together by reshape alone, which mixes tokens: swap the axes back first.": (
        Mistake(merge="reshape")
    ),
    "the heads are split and put together by reshape alone, which mixes tokens: split the last axis, "
    "then swap axes, and swap them back at the end.": Mistake(split="reshape", merge="reshape"),
    "the result is averaged over the heads: put the heads side by side.": Mistake(merge="mean"),
    "there is no softmax.": Mistake(lambda s, d, d_head: s / math.sqrt(d_head)),
    "a sigmoid stands where the softmax belongs.": Mistake(
        lambda s, d, d_head: (s / math.sqrt(d_head)).sigmoid()
    ),
    "the softmax runs over the heads, not over the keys.": Mistake(
        lambda s, d, d_head: (s / math.sqrt(d_head)).softmax(-3)
    ),
    "the softmax runs over the batch, not over the keys.": Mistake(
        lambda s, d, d_head: (s / math.sqrt(d_head)).softmax(-4)
    ),
    "the softmax runs over all scores of a head at once: each row of (N, N) must sum to 1.": (
        Mistake(_over_all)
    ),
    "the division by sqrt(d_head) comes after the softmax, not before it.": Mistake(
        lambda s, d, d_head: s.softmax(-1) / math.sqrt(d_head)
    ),
    "a causal mask is left in: every token may attend to every other.": Mistake(_causal),
    "the input is added to the result: that is the block's part.": Mistake(adds_input=True),
    "tokens attend over the batch: the sequences are the first axis, the tokens the second.": (
        Mistake(over_batch=True)
    ),
    "keys and values are shared by all heads: each head has maps of its own.": Mistake(shares=True),
    "the tokens themselves are gathered: v is a linear map of them.": Mistake(values_unmapped=True),
}


def mistaken(readings: PlainReadings, x: Tensor, result: Tensor, n_heads: int) -> str:
    """Return the mistake that gives just this result, or nothing."""
    for cause, mistake in MISTAKES.items():
        if nearest(readings, x, result, n_heads, mistake) <= 1:
            return cause
    return ""


def nearest(
    readings: PlainReadings,
    x: Tensor,
    result: Tensor,
    n_heads: int,
    mistake: Mistake = NONE,
    within: float = 1.0,
) -> float:
    """Return how near to the result these maps come, in units of the tolerance.

    within  what is further away than so many units is not looked at: the answer is then infinity
    """
    least = math.inf
    for apart in _tried(readings, x, result, n_heads, mistake, within):
        least = min(least, apart)
        if least <= 1:
            return least
    return least


def right_ones(readings: PlainReadings, x: Tensor, result: Tensor, n_heads: int) -> Iterator[Maps]:
    """Yield the maps for q, k, v and the output with which attention gives the result.

    A few numbers of the first token tell nearly all others apart; only what passes is worked out.
    """
    maps, outs, _ = (readings.theta[index] for index in readings.all)
    if not len(maps):
        return
    r = x.shape[-1] // n_heads
    mapped = torch.einsum("nd,med->mne", x[0].double(), maps)
    mapped = mapped.reshape(*mapped.shape[:2], n_heads, r)
    scores = torch.einsum("qhr,knhr->qkhn", mapped[:, 0], mapped) / math.sqrt(r)
    gathered = torch.einsum("qkhn,vnhr->qkvhr", scores.softmax(-1), mapped).flatten(-2)
    few = torch.einsum("qkve,ofe->qkvof", gathered, outs[:, :FEW])
    near = torch.isclose(few, result[0, 0, :FEW].double().expand_as(few), **LOOSE).all(-1)
    for q, k, v, out in near.nonzero().tolist():
        chosen = (maps[[q]], maps[[k]], maps[[v]], outs[[out]])
        for got in _compute(NONE, x.double(), *chosen, n_heads, result, within=1.0):
            if error(got, result.double(), LOOSE) <= 1:
                yield readings.maps[q], readings.maps[k], readings.maps[v], readings.outs[out]


def _tried(
    readings: PlainReadings,
    x: Tensor,
    result: Tensor,
    n_heads: int,
    mistake: Mistake,
    within: float,
) -> Iterator[float]:
    """Yield how near each combination of maps comes to the result."""
    if mistake.over_batch:
        x, result = x.transpose(0, 1), result.transpose(0, 1)
    by_role = _by_role(mistake, *(readings.theta[index] for index in readings.all))
    if not all(map(len, by_role)):
        return
    for some in torch.split(_combinations(mistake, readings), AT_ONCE):
        q, k, v, out = (maps[n] for maps, n in zip(by_role, some.T))
        for got in _compute(mistake, x.double(), q, k, v, out, n_heads, result, within):
            yield error(got, result.double(), LOOSE)


def _by_role(mistake: Mistake, maps: Tensor, outs: Tensor, shared: Tensor) -> Maps:
    """Return what may be taken for q, for k, for v and for the output."""
    keys = shared if mistake.shares else maps
    return maps, keys, outs[:1] if mistake.values_unmapped else keys, outs


def _combinations(mistake: Mistake, readings: PlainReadings) -> Tensor:
    """Return the numbers of maps for q, k, v and the output (n, 4) that share no parameter."""
    places = _by_role(mistake, *(_places(index, readings.zero) for index in readings.all))
    chosen = torch.cartesian_prod(*(torch.arange(len(place)) for place in places))
    taken = torch.stack([place[n] for place, n in zip(places, chosen.T)])
    apart = torch.ones(len(chosen), dtype=torch.bool)
    if not mistake.repeats:
        for one, other in itertools.combinations(taken, 2):
            apart &= (one != other) | (one == NOWHERE)
    return chosen[apart][:MOST_TRIED]


def _places(maps: Tensor, zero: int) -> Tensor:
    """Return the first parameter that each map is made of: where they share one, mostly the same."""
    if not len(maps):
        return torch.empty(0, dtype=torch.long)
    first = maps.flatten(1).amin(1)
    return torch.where(first < zero, first, NOWHERE)


def _compute(
    mistake: Mistake,
    x: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    n_heads: int,
    result: Tensor,
    within: float,
) -> Iterator[Tensor]:
    """Yield what the mistake computes with those maps (R, d, d) whose first numbers are near."""
    B, N, d = x.shape
    r = d // n_heads

    def heads(maps: Tensor) -> Tensor:
        mapped = torch.einsum("bnd,red->rbne", x, maps)
        if mistake.split == "reshape":
            return mapped.reshape(-1, B, n_heads, N, r)
        return mapped.reshape(-1, B, N, n_heads, r).transpose(2, 3)

    scores = heads(q) @ heads(k).mT
    gathered = mistake.weights(scores, d, r) @ heads(v)
    if mistake.merge == "mean":
        gathered = gathered.mean(2, keepdim=True).expand_as(gathered)
    if mistake.merge != "reshape":
        gathered = gathered.transpose(2, 3)
    merged = gathered.reshape(-1, B, N, d)
    rows = torch.einsum("re,rfe->rf", merged[:, 0, 0], out)
    if mistake.adds_input:
        rows = rows + x[0, 0]
    first, rtol, atol = result[0, 0].double(), within * LOOSE["rtol"], within * LOOSE["atol"]
    near = torch.isclose(rows, first.expand_as(rows), rtol=rtol, atol=atol).all(-1)
    for n in near.nonzero().flatten().tolist():
        whole = merged[n] @ out[n].T
        yield whole + x if mistake.adds_input else whole
