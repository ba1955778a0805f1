"""Find q, k, v and the output map among a module's own parameters, without knowing a name.

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor

from checks.beside.measure import parameters, set_parameters, unregistered
from checks.judging.attention_slips import (
    FEW,
    LOOSE,
    REPEATED,
    RIGHT,
    SLIPS,
    Formula,
    Maps,
    PlainReadings,
    Readings,
    mistaken,
    nearest,
    right_ones,
)
from checks.telling.failures import Mismatch
from checks.words.compare import error, expect, expect_shape, matches
from checks.words.draw import Draw
from checks.words.nearness import noted

MOST_PARAMETERS = 80  # tensors; five heads with maps of their own have 32
MOST_MAPS = 700  # ways to read them as one map; right solutions have up to 400
SMALLER = ((1, 1), (1, 2), (1, 3), (2, 2))  # sequences and tokens
AT_ONCE = 12  # maps of the queries, whose attention with all maps of the keys is held at once
MOST_MEASURED = 1000.0  # units of the tolerance: what is further from right is far enough
MOST_PLAIN = 24  # maps among which a named mistake is looked for
MOST_READINGS = 20  # that one draw of numbers cannot tell apart


def expect_attention(msa: Any, d: int, n_heads: int, draw: Draw, call: str) -> None:
    """Fail unless the module is multi-head attention for some reading of its parameters.

    Choose sizes for which no bias has as many numbers as a matrix: d / n_heads above 4 and larger
    than n_heads.
    """
    msa.eval()
    x = draw(3, 6, d)  # 6 tokens: a length that is neither d nor d_head
    first = msa(x)
    expect_shape(first, x.shape, call=call)  # also lets lazily built layers come into being
    expect(
        matches(msa(x), first, LOOSE),
        call=f"{call} in evaluation mode, twice",
        expected="the same numbers",
        got="other ones the second time",
        why="Two calls in evaluation mode differ: something is random. F.dropout(x, p) always drops; "
        "F.dropout(x, p, self.training) and nn.Dropout do so in training only.",
    )
    layout = layout_of(msa, d, n_heads, call)
    values = layout.draw_weights(draw, biases=False)
    set_parameters(msa, values)
    theta, result = layout.flat(values), msa(x)
    readings = layout.plain_ones(theta, x, result)  # of most files: they are soon found
    if not readings:
        few = max(len(layout.in_maps), len(layout.out_maps)) <= MOST_MAPS
        _expect_few(few, call, f"{len(layout.weights)} tensors that could be taken for them")
        found = layout.search(theta, x, result, msa(same_tokens(x)))
        readings = found.readings
    if not readings:
        # The cause is named by all the tokens; what is shown is the smallest input that fails.
        shape = _smallest_that_fails(msa, layout, theta, x) if found.cause else tuple(x.shape)
        _blame(found, f"{call}, with random weights and x of shape {shape}")

    for _ in range(2):  # the reading must hold for other numbers too, biases included
        x, values = draw(2, 4, d), layout.draw_weights(draw, biases=True)
        set_parameters(msa, values)
        apart = layout.nearest(readings, layout.flat(values), x, msa(x))
        expect(
            noted(apart) <= 1,
            call=call + ", with random weights and biases",
            expected=f"the numbers of nn.MultiheadAttention({d}, {n_heads}) with your weights",
            got="other numbers, though they agree while every bias is 0",
            why="Each of q, k and v is a linear map of the sequences, weight and bias.",
        )


def layout_of(msa: Any, d: int, n_heads: int, call: str) -> Layout:
    """Return the ways to read the module's parameters; fail where no map can be among them."""
    weights = parameters(msa)
    _expect_few(len(weights) <= MOST_PARAMETERS, call, f"{len(weights)} tensors")
    layout = Layout(weights, d, n_heads)
    lists = unregistered(msa)
    expect(
        len(layout.matrices) > 0 and not lists,
        call=f"the parameters() of {call.split('(x)')[0]}",
        expected=f"learned maps for q, k and v, from {d} features to {n_heads} heads of {d // n_heads}",
        got=f"layers in {lists[0]}" if lists else layout.sizes,
        why="Layers in a plain Python list are not registered: use nn.ModuleList." if lists else "",
    )
    return layout


def _expect_few(few: bool, call: str, got: str) -> None:
    """Fail where so many parameters are there that a search among them would take too long."""
    expect(
        few,
        call=f"the parameters() of {call.split('(x)')[0]}",
        expected="maps for q, k and v, and perhaps an output map",
        got=got,
        why="Leave out what attention does not use, so that its maps can be told.",
    )


@dataclass(frozen=True)
class Found:
    """What the search came to: readings that give the student's numbers, or why none does.

    error    how far the nearest reading is from them, in units of the tolerance
    average  whether equal tokens come back as out(v(token))
    """

    readings: Readings
    cause: str = ""
    error: float = math.inf
    average: bool = True


def _blame(found: Found, call: str) -> NoReturn:
    """Fail with the mistake that the search has found, or with what is known beside it."""
    noted(found.error)
    why = ""
    if not found.average:
        why = (
            "Already with equal tokens they differ, where softmax gives every token the same weight "
            "and only the value map and the output map are left."
        )
    raise Mismatch(
        call,
        "the numbers of nn.MultiheadAttention with your weights",
        "other numbers, whichever of your weights are taken for q, k, v and the output map",
        why=why,
        causes=(found.cause,) if found.cause else (),
    )


def _smallest_that_fails(msa: Any, layout: Layout, theta: Tensor, x: Tensor) -> tuple[int, ...]:
    """Return the shape of the fewest sequences and tokens for which no plain reading is right."""
    plain = layout.plain_readings(theta)
    for batch, length in SMALLER:
        part = x[:batch, :length]
        try:
            result = msa(part)
        except Exception:  # what it does to other sizes is not what is to be shown
            continue
        same_shape = isinstance(result, Tensor) and result.shape == part.shape
        if not same_shape or nearest(plain, part, result, layout.n_heads) > 1:
            return tuple(part.shape)
    return tuple(x.shape)


def same_tokens(x: Tensor) -> Tensor:
    return x[:, :1].expand_as(x).clone()


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
        """Draw matrices of a size that makes attention peaked but not saturated."""
        values = {n: draw(*self.weights[n].shape) * 1.5 / math.sqrt(self.d) for n in self.matrices}
        for name in self.biases:
            shape = self.weights[name].shape
            values[name] = draw(*shape) if biases else torch.zeros(shape)
        return values

    def flat(self, values: Mapping[str, Tensor]) -> Tensor:
        """Return all parameters as one float64 vector, then 0 and 1."""
        parts = [values.get(name, weight).flatten() for name, weight in self.weights.items()]
        return torch.cat([*(part.double() for part in parts), torch.tensor([0.0, 1.0]).double()])

    def search(self, theta: Tensor, x: Tensor, result: Tensor, of_equal_tokens: Tensor) -> Found:
        """Find the readings under which attention gives `result`; name the slip where none does."""
        every_pair = self._value_and_out(theta, x[:, 0], of_equal_tokens[:, 0])
        pairs = [
            (i, o) for i, o in every_pair if not self._overlap(self.in_maps[i], self.out_maps[o])
        ]
        readings = self._query_and_key(theta, x, result, pairs, RIGHT, apart=True)
        if readings:
            return Found(readings)
        plain = self.plain_readings(theta)
        near = nearest(plain, x, result, self.n_heads, within=MOST_MEASURED)
        cause = mistaken(plain, x, result, self.n_heads)
        if cause:
            return Found([], cause, near)
        for cause, formula in SLIPS.items():  # other layouts of the parameters
            if self._query_and_key(theta, x, result, pairs, formula, apart=True):
                return Found([], cause, near)
        if self._query_and_key(theta, x, result, every_pair, RIGHT, apart=False):
            return Found([], REPEATED, near)
        return Found([], error=near, average=bool(every_pair))

    def plain_ones(self, theta: Tensor, x: Tensor, result: Tensor) -> Readings:
        """Find the readings under which attention gives `result` among those that most files have."""
        readings = [
            maps
            for maps in right_ones(self.plain_readings(theta), x, result, self.n_heads)
            if not any(self._overlap(*two) for two in itertools.combinations(maps, 2))
        ]
        return readings[:MOST_READINGS]

    def nearest(self, readings: Readings, theta: Tensor, x: Tensor, result: Tensor) -> float:
        """Return how near to `result` one of the readings comes, with some query bias.

        A key bias changes nothing (softmax does not see it); value and output bias add a constant.
        """
        least = math.inf
        for q, k, v, out in readings:
            for bias in self._bias_vectors():
                own = self.attend(theta, x, q[None], k[None], RIGHT, theta[bias])[0, 0]
                gathered = self._gather(theta, x, own, v, out)
                offset = result.double() - gathered
                found = error(gathered + offset.mean((0, 1)), result.double(), LOOSE)
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
        self,
        theta: Tensor,
        x: Tensor,
        result: Tensor,
        pairs: list[tuple[int, int]],
        formula: Formula,
        apart: bool,
    ) -> Readings:
        # A few numbers a reading first: hardly a wrong one passes, and only those that do are worked
        # out in full.
        # The right softmax runs over the keys: one query is enough to look at.
        queries = 1 if formula is RIGHT else x.shape[1]
        readings: Readings = []
        for start in range(0, len(self.in_maps), AT_ONCE):  # all at once would take too much memory
            some = self.in_maps[start : start + AT_ONCE]
            attention = self.attend(theta, x[:1], some, self.in_maps, formula, queries=queries)
            attention = attention[..., :1, :]
            for i, o in pairs:
                v, out = self.in_maps[i], self.out_maps[o]
                given = self._gather(theta, x[:1], attention, v, out[:FEW])
                near = torch.isclose(given, result[:1, :1, :FEW].double().expand_as(given), **LOOSE)
                for a, b in near.flatten(2).all(-1).nonzero().tolist():
                    maps = (some[a], self.in_maps[b], v, out)
                    if self._gives(theta, x, maps, result, formula, apart):
                        readings.append(maps)
                if len(readings) >= MOST_READINGS:
                    return readings
        return readings

    def _gives(
        self, theta: Tensor, x: Tensor, maps: Maps, result: Tensor, formula: Formula, apart: bool
    ) -> bool:
        """Whether attention with these maps gives the whole result, from parameters of their own."""
        q, k, v, out = maps
        full = self.attend(theta, x, q[None], k[None], formula)[0, 0]
        if not matches(result, self._gather(theta, x, full, v, out), LOOSE):
            return False
        return not (apart and any(self._overlap(*two) for two in itertools.combinations(maps, 2)))

    def attend(
        self,
        theta: Tensor,
        x: Tensor,
        q_maps: Tensor,
        k_maps: Tensor,
        formula: Formula,
        q_bias: Tensor | float = 0.0,
        queries: int | None = None,
    ) -> Tensor:
        """Return attention (q map, k map, B, head, queries, N) for all pairs of maps.

        queries  how many of the tokens ask; None: all
        """
        q = self._heads(x[:, :queries].double() @ theta[q_maps].mT[:, None] + q_bias)
        k = self._heads(x.double() @ theta[k_maps].mT[:, None])
        scores = torch.einsum("abhnr,cbhmr->acbhnm", q, k)
        return formula(scores, self.d, self.d_head)

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
        return PlainReadings(theta, of_heads, outs, of_one, self.zero)


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
