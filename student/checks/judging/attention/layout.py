"""Every way to read a module's own parameters as q, k, v and the output map, without knowing a name.

Students write attention in many layouts: three maps or one fused, one map or a list of small ones a
head, nn.Linear or a raw matrix, with or without biases and an output map, registered in any order. All
of them are the same function. So every way to read the parameters as the four maps is tried, until
attention with the maps so read gives the numbers that the student's module gives.

A reading is a matrix of indices into one long vector of all parameters (with a 0 and a 1 at its end),
so that all readings are evaluated at once, and a reading found on one set of numbers can be tried on
another.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from checks.judging.attention.slips import LOOSE, NONE, attended, gathered, weighed
from checks.judging.maps import Maps
from checks.words.compare import error, error_in_variation, matches
from checks.words.draw import Draw

AT_ONCE = 12  # maps of the queries, whose attention with all maps of the keys is held at once
MOST_PLAIN = 24  # maps among which those of most files are looked for
MOST_READINGS = 20  # that one draw of numbers cannot tell apart
FEW = 4  # numbers
BIAS = 0.3  # against 1 of a token's features

Reading = tuple[Tensor, Tensor, Tensor, Tensor]  # index matrices of q, k, v and the output
Readings = list[Reading]


@dataclass(frozen=True)
class PlainReadings:
    """The maps that a module's parameters may be, each (d, d) indices into the vector of all of them.

    theta   that vector
    maps    of all heads
    outs    the identity, for where there is no output map, and the maps
    shared  of one head's features, repeated for every head
    """

    theta: Tensor
    maps: Tensor
    outs: Tensor
    shared: Tensor


class Layout:
    """The parameters of one attention module, and every way to read them as maps."""

    def __init__(self, weights: Mapping[str, Tensor], d: int, n_heads: int) -> None:
        self.d, self.n_heads, self.d_head = d, n_heads, d // n_heads
        self.weights = dict(weights)
        self._start: dict[str, int] = {}
        total = 0
        for name, weight in self.weights.items():
            self._start[name] = total
            total += weight.numel()
        self.zero, self.one = total, total + 1  # places of two constants behind the parameters
        d_head = self.d_head
        sizes = [m * r for m in (1, 2, 3, 4) for r in (d * d, d * d_head, d_head * d_head)]
        self.matrices = [n for n, w in self.weights.items() if w.numel() in sizes]
        self.biases = [
            n
            for n, w in self.weights.items()
            if w.numel() in [m * r for m in (1, 2, 3, 4) for r in (d, d_head)]
        ]
        assert not set(self.matrices) & set(self.biases), "sizes that tell no bias from a matrix"

    @functools.cached_property
    def in_maps(self) -> Tensor:
        """Every way to read the parameters as a map for q, k or v."""
        return _distinct(self._in_maps())

    @functools.cached_property
    def out_maps(self) -> Tensor:
        """Every way to read them as an output map, and that there is none."""
        return _distinct([*self._identities(), *self._out_maps()])

    @property
    def sizes(self) -> str:
        """Say what parameters there are."""
        shapes = [str(tuple(weight.shape)) for weight in self.weights.values()]
        return f"parameters of shapes {', '.join(shapes[:8])}" if shapes else "no parameters at all"

    def draw_weights(self, draw: Draw, biases: bool) -> dict[str, Tensor]:
        """Draw matrices of a size that makes scores small: what is done to large ones does not show."""
        values = {n: draw(*self.weights[n].shape) * 0.8 / math.sqrt(self.d) for n in self.matrices}
        for name in self.biases:
            shape = self.weights[name].shape
            values[name] = BIAS * draw(*shape) if biases else torch.zeros(shape)
        return values

    def flat(self, values: Mapping[str, Tensor]) -> Tensor:
        """Return all parameters as one float64 vector, then 0 and 1."""
        parts = [values.get(name, weight).flatten() for name, weight in self.weights.items()]
        return torch.cat([*(part.double() for part in parts), torch.tensor([0.0, 1.0]).double()])

    def search(self, theta: Tensor, x: Tensor, result: Tensor, of_equal_tokens: Tensor) -> Readings:
        """Find the readings under which attention gives `result`, of q, k, v and out apart."""
        every_pair = self._value_and_out(theta, x[:, 0], of_equal_tokens[:, 0])
        pairs = [
            (i, o) for i, o in every_pair if not self._overlap(self.in_maps[i], self.out_maps[o])
        ]
        return self._query_and_key(theta, x, result, pairs)

    def plain_ones(self, theta: Tensor, x: Tensor, result: Tensor) -> Readings:
        """Find the readings under which attention gives `result` among those that most files have."""
        readings = [
            maps
            for maps in _right_ones(self.plain_readings(theta), x, result, self.n_heads)
            if not any(self._overlap(*two) for two in itertools.combinations(maps, 2))
        ]
        return readings[:MOST_READINGS]

    def maps(self, reading: Reading, theta: Tensor) -> Maps:
        """Return the four maps that a reading has without any bias."""
        nothing = torch.zeros(self.d, 1).double()
        return Maps(*(torch.cat([theta[index], nothing], dim=1) for index in reading))

    def nearest(self, readings: Readings, theta: Tensor, x: Tensor, result: Tensor) -> float:
        """Return how near to `result` one of the readings comes, with some query bias.

        A key bias changes nothing (softmax does not see it); value and output bias add a constant.
        """
        least = math.inf
        for q, k, v, out in readings:
            for bias in self._bias_vectors():
                own = self.attend(theta, x, q[None], k[None], theta[bias])[0, 0]
                gathered = self._gather(theta, x, own, v, out)
                offset = result.double() - gathered
                found = error_in_variation(gathered + offset.mean((0, 1)), result, LOOSE)
                least = min(least, found)
                if least <= 1:
                    return least
        return least

    def _value_and_out(self, theta: Tensor, token: Tensor, result: Tensor) -> list[tuple[int, int]]:
        """Return the pairs (value map, output map) for which equal tokens give out(v(token))."""
        if not len(self.in_maps):
            return []
        values = theta[self.in_maps] @ token.double().T  # (in, d, B)
        pairs = []
        for o, index in enumerate(self.out_maps):
            right = torch.isclose(
                theta[index] @ values, result.double().T.expand_as(values), **LOOSE
            )
            pairs += [(i, o) for i in right.all(-1).all(-1).nonzero().flatten().tolist()]
        return pairs

    def _query_and_key(
        self, theta: Tensor, x: Tensor, result: Tensor, pairs: list[tuple[int, int]]
    ) -> Readings:
        # A few numbers of one query first: hardly a wrong reading passes, and only those that do are
        # worked out in full.
        readings: Readings = []
        for start in range(0, len(self.in_maps), AT_ONCE):  # all at once would take too much memory
            some = self.in_maps[start : start + AT_ONCE]
            attention = self.attend(theta, x[:1], some, self.in_maps, queries=1)
            for i, o in pairs:
                v, out = self.in_maps[i], self.out_maps[o]
                given = self._gather(theta, x[:1], attention, v, out[:FEW])
                near = torch.isclose(given, result[:1, :1, :FEW].double().expand_as(given), **LOOSE)
                for a, b in near.flatten(2).all(-1).nonzero().tolist():
                    reading = (some[a], self.in_maps[b], v, out)
                    if self._gives(theta, x, reading, result):
                        readings.append(reading)
                if len(readings) >= MOST_READINGS:
                    return readings
        return readings

    def _gives(self, theta: Tensor, x: Tensor, reading: Reading, result: Tensor) -> bool:
        """Whether attention with these maps gives the whole result, from parameters of their own."""
        q, k, v, out = reading
        full = self.attend(theta, x, q[None], k[None])[0, 0]
        if not matches(result, self._gather(theta, x, full, v, out), LOOSE):
            return False
        return not any(self._overlap(*two) for two in itertools.combinations(reading, 2))

    def attend(
        self,
        theta: Tensor,
        x: Tensor,
        q_maps: Tensor,
        k_maps: Tensor,
        q_bias: Tensor | float = 0.0,
        queries: int | None = None,
    ) -> Tensor:
        """Return attention (q map, k map, B, head, queries, N) for all pairs of maps.

        queries  how many of the tokens ask; None: all
        """
        q = self._heads(x[:, :queries].double() @ theta[q_maps].mT[:, None] + q_bias)
        k = self._heads(x.double() @ theta[k_maps].mT[:, None])
        return attended(q[:, None], k)

    def _gather(
        self, theta: Tensor, x: Tensor, attention: Tensor, v: Tensor, out: Tensor
    ) -> Tensor:
        values = self._heads(x.double() @ theta[v].T)
        gathered = (attention @ values).transpose(-3, -2).flatten(-2)
        return gathered @ theta[out].T

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.n_heads, self.d_head).transpose(-3, -2)

    def _overlap(self, one: Tensor, other: Tensor) -> bool:
        own = one[one < self.zero]
        return bool(torch.isin(own, other[other < self.zero]).any())

    # --- all the layouts ---------------------------------------------------------------------

    def _sources(self, names: list[str]) -> list[tuple[int, Tensor]]:
        """Return (tensors in it, its indices): every tensor, and tensors alike in a row."""
        alike: dict[object, list[str]] = {}
        for name in names:
            shape = tuple(self.weights[name].shape)
            alike.setdefault(shape, []).append(name)
            # maps.0, maps.1, ...: one list of several. A name is a hint here, and never a proof.
            alike.setdefault((shape, re.sub(r"\d+", "#", name)), []).append(name)
        groups = [[name] for name in names] + [g for g in alike.values() if len(g) > 1]
        return [(len(g), torch.cat([self._indices(name) for name in g])) for g in groups]

    def _indices(self, name: str) -> Tensor:
        return torch.arange(self.weights[name].numel()) + self._start[name]

    def _in_maps(self) -> list[Tensor]:
        """Read q, k or v: (head, d_head, in) in any order of axes, alone or fused with others.

        in = d for a map of the whole token, d_head for a map of the head's own slice of it.
        """
        maps = []
        h, r = self.n_heads, self.d_head
        for count, source in self._sources(self.matrices):
            for width, heads in {(self.d, h), (r, h), (r, 1)}:
                for piece in _unfused(count, source, {"head": heads, "row": r, "in": width}):
                    maps.append(self._placed(piece.expand(h, r, width)))
        return maps

    def _placed(self, piece: Tensor) -> Tensor:
        """Make (head, d_head, in) one (d, d) matrix, block by block where a head has its slice."""
        if piece.shape[2] == self.d:
            return piece.reshape(self.d, self.d)
        matrix = torch.full((self.n_heads, self.d_head, self.n_heads, self.d_head), self.zero)
        for head in range(self.n_heads):
            matrix[head, :, head] = piece[head]
        return matrix.reshape(self.d, self.d)

    def _out_maps(self) -> list[Tensor]:
        maps = []
        sizes = {"out": self.d, "head": self.n_heads, "row": self.d_head}
        for count, source in self._sources(self.matrices):
            maps += [piece.reshape(self.d, self.d) for piece in _unfused(count, source, sizes)]
            slices = {"head": self.n_heads, "row": self.d_head, "in": self.d_head}
            maps += [self._placed(piece) for piece in _unfused(count, source, slices)]
        return maps

    def _identities(self) -> list[Tensor]:
        """No output map: the heads side by side, feature by feature or head by head."""
        places = torch.arange(self.d)
        interleaved = places.reshape(self.d_head, self.n_heads).T.reshape(-1)
        maps = []
        for order in (places, interleaved):
            matrix = torch.full((self.d, self.d), self.zero)
            matrix[order, places] = self.one
            maps.append(matrix)
        return maps

    def _bias_vectors(self) -> list[Tensor]:
        vectors = [torch.full((self.d,), self.zero)]
        for count, source in self._sources(self.biases):
            for heads in {self.n_heads, 1}:
                sizes = {"head": heads, "row": self.d_head}
                for piece in _unfused(count, source, sizes):
                    vectors.append(piece.expand(self.n_heads, self.d_head).reshape(self.d))
        return list(_distinct(vectors))

    def plain_readings(self, theta: Tensor) -> PlainReadings:
        """Return the maps as most files have them: head by head, from all features or from its slice."""
        d, h, r = self.d, self.n_heads, self.d_head
        maps: list[Tensor] = []
        shared: list[Tensor] = []
        for count, source in self._sources(self.matrices):
            pieces = _unfused(count, source, {"head": h, "row": r, "in": d}, _plain_orders)
            maps += [piece.reshape(d, d) for piece in pieces]
            if len(source) // count % (d * d):  # no tensor of it is made of whole maps
                slices = _unfused(count, source, {"head": h, "row": r, "in": r}, _plain_orders)
                maps += [self._placed(piece) for piece in slices]
            small = _unfused(count, source, {"row": r, "in": d}, _plain_orders)
            shared += [piece.expand(h, r, d).reshape(d, d) for piece in small]
        of_heads, of_one = _distinct(maps[:MOST_PLAIN]), _distinct(shared[:MOST_PLAIN])
        outs = torch.stack([self._identities()[0], *of_heads])
        return PlainReadings(theta, of_heads, outs, of_one)


def _right_ones(
    readings: PlainReadings, x: Tensor, result: Tensor, n_heads: int
) -> Iterator[Reading]:
    """Yield the maps for q, k, v and the output with which attention gives the result.

    A few numbers of the first token tell nearly all others apart; only what passes is worked out.
    """
    maps, outs = readings.theta[readings.maps], readings.theta[readings.outs]
    if not len(maps):
        return
    r = x.shape[-1] // n_heads
    every = torch.einsum("bnd,med->mbne", x.double(), maps)
    mapped = every[:, 0].reshape(*every[:, 0].shape[:2], n_heads, r)
    heads = mapped.transpose(1, 2)
    weights = attended(heads[:, None, :, :1], heads)[..., 0, :]
    few = torch.einsum("qkhn,vnhr->qkvhr", weights, mapped).flatten(-2)
    few = torch.einsum("qkve,ofe->qkvof", few, outs[:, :FEW])
    near = torch.isclose(few, result[0, 0, :FEW].double().expand_as(few), **LOOSE).all(-1)
    for q, k, v, out in near.nonzero().tolist():
        whole = gathered(NONE, weighed(NONE, every[q], every[k], n_heads), every[v]) @ outs[out].T
        if error(whole, result.double(), LOOSE) <= 1:
            yield readings.maps[q], readings.maps[k], readings.maps[v], readings.outs[out]


def _plain_orders(axes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the orders of axes of a linear layer, and of a matrix that is multiplied from the right."""
    inner = tuple(axis for axis in axes if axis != "in")
    return [(*inner, "in"), ("in", *inner)]


def _unfused(
    count: int,
    source: Tensor,
    sizes: dict[str, int],
    orders: Callable[[Sequence[str]], Iterable[tuple[str, ...]]] = itertools.permutations,
) -> list[Tensor]:
    """Read `source` as maps with these axes, one map or up to four in it, axes in any order.

    A source of several tensors is only split between tensors along the outer axes.
    """
    pieces = []
    for maps in (1, 2, 3, 4):
        axes = {"map": maps, **sizes} if maps > 1 else sizes
        if math.prod(axes.values()) != len(source):
            continue
        for order in orders(list(axes)):
            lengths = [axes[axis] for axis in order]
            if count not in itertools.accumulate(lengths, initial=1, func=lambda a, b: a * b):
                continue
            block = source.reshape(lengths).permute([order.index(axis) for axis in axes])
            pieces += list(block) if maps > 1 else [block]
    return pieces


def _distinct(readings: list[Tensor]) -> Tensor:
    """Stack the readings, each once."""
    once = {tuple(reading.flatten().tolist()): reading for reading in readings}
    return torch.stack(list(once.values())) if once else torch.empty(0, dtype=torch.long)
