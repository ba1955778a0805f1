"""Watch a module with random weights, and find what its queries, keys and values may be."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.beside.measure import parameters, set_parameters, settle
from checks.beside.steps import steps
from checks.judging import token_maps
from checks.judging.maps import mapped
from checks.judging.token_maps import ALIKE, Fitted, same
from checks.words.draw import Draw

LENGTH = 3  # tokens of the sequences that are watched
MOST_MAPS = 60  # among which q, k and v are looked for
MOST_UNSEEN = 8  # of them, where none were seen compared
SIZE = 0.8  # of a token's features after a drawn matrix, against 1 before: small scores
BIAS = 0.3
NEARLY = 1e-8  # from 1: a cosine of numbers that are multiples of others
USUAL = (-1, -0.5, -0.25, 0.25, 0.5)  # powers of d and d_head by which scores are scaled

TOKENS = "the tokens"
SHARED_MAP = "of all heads:"

Three = tuple[str, str, str]  # where q, k and v were seen
Threes = Iterable[tuple[Mapping[str, Tensor], Sequence[Three]]]


@dataclass(frozen=True)
class Sight:
    """A module with random weights, watched.

    fitted  every number on the way, in forwards of `runs` (S, 1, LENGTH, d)
    maps    (d, d + 1), what q, k and v may be, by where it was seen; for both orders of head and feature
    x       (B, N, d), and the module's result
    fresh   other sequences, of another length, and the result
    """

    fitted: Fitted
    runs: Tensor
    n_heads: int
    maps: Sequence[Mapping[str, Tensor]]
    x: tuple[Tensor, Tensor]
    fresh: tuple[Tensor, Tensor]

    @property
    def d(self) -> int:
        return self.runs.shape[-1]

    @property
    def d_head(self) -> int:
        return self.d // self.n_heads

    @functools.cached_property
    def threes(self) -> list[tuple[Mapping[str, Tensor], list[Three]]]:
        """All that may be q, k and v: two that were seen compared, and anything; else the first few."""
        if not self.compares:
            return [
                (maps, list(itertools.product(*[list(maps)[:MOST_UNSEEN]] * 3)))  # type: ignore[arg-type]  # of three
                for maps in self.maps
            ]
        return [
            (maps, [(q, k, v) for q, k, *_ in pairs for v in maps])
            for maps, pairs in zip(self.maps, self._pairs)
        ]

    @property
    def compares(self) -> bool:
        """Whether the product of two maps, of the first token and head, was seen."""
        return any(self._pairs)

    @property
    def scales(self) -> set[float]:
        """By what such products were multiplied where they were seen."""
        return {scale for pairs in self._pairs for *_, scales in pairs for scale in scales}

    @functools.cached_property
    def _pairs(self) -> list[list[tuple[str, str, list[float]]]]:
        """The pairs that were seen compared, with all such scales; for both orders."""
        found = []
        for maps in self.maps:
            heads = mapped(self.runs[:, 0, :1], torch.stack(list(maps.values())))
            heads = heads[:, :, 0, : self.d_head]
            products, names = torch.einsum("asr,bsr->abs", heads, heads), list(maps)
            seen: dict[tuple[int, int], list[float]] = {}
            for q, k, place in self.seen(products).nonzero().tolist():
                seen.setdefault((q, k), []).append(self.multiple(products[q, k], place))
            found.append([(names[q], names[k], scales) for (q, k), scales in seen.items()])
        return found

    def seen(self, values: Tensor) -> Tensor:
        """Return which of the numbers on the way are multiples of values (..., S): (..., E)."""
        return (F.normalize(values, dim=-1) @ self._directions).abs() > 1 - NEARLY

    def multiple(self, values: Tensor, place: int) -> float:
        """Return what values (S,) are multiplied by in the number at this place."""
        return float(values @ self.fitted.numbers[:, place] / values.square().sum())

    @functools.cached_property
    def _directions(self) -> Tensor:
        return F.normalize(self.fitted.numbers, dim=0)


def see(msa: Any, d: int, n_heads: int, draw: Draw) -> Sight:
    """Give the module random weights, and watch it."""
    set_parameters(msa, _drawn(parameters(msa), d, n_heads, draw))
    settle(msa, draw(2, LENGTH, d))
    rows = _rows(parameters(msa).values(), d)
    runs = draw(token_maps.forwards_for(d), 1, LENGTH, d)
    fitted = token_maps.fitted(steps(msa, runs), runs)
    tokens = {TOKENS: torch.eye(d, d + 1).double()}
    by_order, shared = ({**tokens}, {**tokens}), {**tokens}
    for place, features in token_maps.features(fitted, LENGTH):
        for order, one in token_maps.maps_of_heads(features, n_heads):
            head_first = order.index("head") < order.index("row")
            for of, bare in _without_factor(one, rows, n_heads):
                _keep(by_order[0 if head_first else 1], f"{place}, {order}{of}", bare)
        for order, one in token_maps.maps_of_one_head(features, n_heads):
            _keep(shared, f"{SHARED_MAP} {place}, {order}", one)
    x, fresh = draw(math.ceil((d + 1) / 3), 6, d), draw(3, 4, d)
    maps = [{**some, **shared} for some in by_order]
    return Sight(fitted, runs, n_heads, maps, (x, msa(x).detach()), (fresh, msa(fresh).detach()))


def _keep(maps: dict[str, Tensor], name: str, one: Tensor) -> None:
    if len(maps) < MOST_MAPS and not any(same(one, other) for other in maps.values()):
        maps[name] = one


def _rows(values: Iterable[Tensor], d: int) -> Tensor:
    """Return all vectors (n, d) along an axis of parameters: what a map of tokens is made of."""
    along = [value.movedim(axis, -1).reshape(-1, d).double()
             for value in values for axis, size in enumerate(value.shape) if size == d]  # fmt: skip
    return torch.cat([torch.empty(0, d).double(), *along])


def _without_factor(one: Tensor, rows: Tensor, n_heads: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the map; before it, what it is a usual multiple of, where that is what is stored.

    So a scale is seen that stands in front of the weight, and never in front of a token's features.
    """
    d = one.shape[1] - 1
    sizes = [size for size in (d, d // n_heads) if size > 1 and len(rows)]
    if factors := list(itertools.product(sizes, USUAL)):
        divisors = torch.tensor([size**power for size, power in factors], dtype=one.dtype)
        bares = one / divisors[:, None, None]
        weights = bares[..., :-1]
        near = ALIKE * weights.abs().amax((1, 2))
        is_stored = (torch.cdist(weights, rows).amin(2) <= near[:, None]).all(1)
        for place in is_stored.nonzero().flatten().tolist():
            size, power = factors[place]
            yield f" over {size} to the {power}", bares[place]
    yield "", one


def _drawn(weights: Mapping[str, Tensor], d: int, n_heads: int, draw: Draw) -> dict[str, Tensor]:
    """Draw matrices, and move vectors. A number for each head, or for all, may be a scale: it stays."""
    values = {}
    for name, old in weights.items():
        if sum(size > 1 for size in old.shape) > 1:
            values[name] = draw(*old.shape) * SIZE / math.sqrt(d)
        elif old.numel() not in (1, n_heads):
            values[name] = old + BIAS * draw(*old.shape)
    return values
