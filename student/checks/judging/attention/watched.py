"""See the attention weights that a student's module computes, whatever its code looks like.

No name and no structure is known. So every torch call is watched while the module runs, and what has
two axes of the sequence's length is kept: among these are the weights. Loops over heads or sequences
leave several small tensors, which are put together again. What is computed without such a tensor
(in numpy, row by row) is not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from checks.beside.steps import Watching
from checks.judging.attention import recognised
from checks.judging.attention.flowing import Told
from checks.judging.attention.slips import NONE, Mistake, weighed
from checks.judging.maps import Maps, mapped
from checks.words.compare import expect_shape
from checks.words.draw import Draw

NEAR = 1e-3  # weights lie between 0 and 1, and are shown with two digits


@dataclass(frozen=True)
class Weights:
    """Attention weights of one sequence, (head, query, key), as they are and as they should be.

    yours     None where none were seen
    expected  None where it cannot be told which of the parameters make q and k
    right     whether the module's result is that of multi-head attention
    cause     the mistake that leads to just this result, where one is known
    """

    yours: Tensor | None
    expected: Tensor | None
    right: bool
    cause: str = ""

    @property
    def differ(self) -> Tensor | None:
        """Where both are known and lie apart."""
        if self.yours is None or self.expected is None:
            return None
        return ~torch.isclose(self.yours, self.expected, rtol=0.0, atol=NEAR)


class _Watch(Watching):
    """Keep a copy of every real tensor with exactly two axes of the sequence's length."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.groups: dict[tuple[str, tuple[int, ...]], list[Tensor]] = {}

    def see(self, name: str, tensor: Tensor) -> None:
        axes = [axis for axis, size in enumerate(tensor.shape) if size == self.length]
        if len(axes) == 2 and tensor.is_floating_point():
            key = name, tuple(tensor.shape)
            maps = tensor.detach().double().movedim(axes, (-2, -1)).clone()
            # What comes last stands last, also if it was called by that name before.
            self.groups[key] = [
                *self.groups.pop(key, []),
                maps.reshape(-1, self.length, self.length),
            ]

    def latest_first(self, count: int) -> list[Tensor]:
        """Return what may be `count` maps (count, N, N), what was computed last first."""
        joined = [torch.cat(tensors) for tensors in reversed(self.groups.values())]
        return [maps[-count:] for maps in joined if len(maps) % count == 0]


def weights_of(msa: Any, d: int, n_heads: int, x: Tensor, draw: Draw, call: str) -> Weights:
    """Give the module fresh weights, run it, and return what its first sequence attended to.

    Choose sizes as for checks.judging.attention.expect_attention, and a length of x unlike all others.
    """
    msa.eval()
    expect_shape(msa(x), x.shape, call=call)  # also lets lazily built layers come into being
    known = recognised(msa, d, n_heads, draw, call)
    with _Watch(x.shape[1]) as watch:
        msa(x)
    seen = watch.latest_first(len(x) * n_heads)
    if known.maps:
        return _beside_right(known.maps[0], x, n_heads, seen)
    yours = seen[0] if seen else None
    expected = None
    if yours is not None:
        expected, yours = _beside_mistaken(known.told, x, n_heads, yours)
    return Weights(yours, expected, right=False, cause=known.told.cause)


def _beside_right(maps: Maps, x: Tensor, n_heads: int, seen: list[Tensor]) -> Weights:
    """Find among what was seen the weights that a right attention has."""
    expected = _first(NONE, maps, x, n_heads)
    both_ways = [turned for maps in seen for turned in (maps, maps.mT)]
    tried = [_nearest(expected, maps) for maps in both_ways]
    fitting = [yours for yours in tried if torch.allclose(yours, expected, rtol=0.0, atol=NEAR)]
    return Weights(fitting[0] if fitting else None, expected, right=True)


def _beside_mistaken(
    told: Told, x: Tensor, n_heads: int, seen: Tensor
) -> tuple[Tensor | None, Tensor]:
    """Return the right weights for the q and k that mistaken ones come from, and the mistaken ones.

    None, and the first maps that were seen, where no known mistake gives them.
    """
    if told.mistaken is not None and not told.mistake.over_batch:
        given = _first(told.mistake, told.mistaken, x, n_heads)
        yours = _nearest(given, seen)
        if bool((_alike(given, yours) > 1 - NEAR).all()):
            return _first(NONE, told.mistaken, x, n_heads), yours
    return None, seen[:n_heads]


def _first(mistake: Mistake, maps: Maps, x: Tensor, n_heads: int) -> Tensor:
    """Return the first sequence's weights (head, query, key) as a mistake has them."""
    return weighed(mistake, mapped(x, maps.q), mapped(x, maps.k), n_heads)[0]


def _nearest(expected: Tensor, seen: Tensor) -> Tensor:
    """Return, for each head's map, the likest of those seen: loops run in any order."""
    return seen[_alike(expected[:, None], seen).argmax(1)]


def _alike(one: Tensor, other: Tensor) -> Tensor:
    """Return how much maps (..., N, N) are multiples of each other: the cosine."""
    return torch.cosine_similarity(one.flatten(-2), other.flatten(-2), dim=-1)


def last_attention(run: Callable[[], object], length: int, maps: int) -> Tensor | None:
    """Return the attention weights (map, query, key) that a run computes last; None if none are seen.

    length  of the sequences
    maps    of one layer: sequences times heads
    """
    with _Watch(length) as watch:
        run()
    return next(iter(watch.latest_first(maps)), None)
