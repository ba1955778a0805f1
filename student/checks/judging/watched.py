"""See the attention weights that a student's module computes, whatever its code looks like.

No name and no structure is known. So every torch call is watched while the module runs, and what has
two axes of the sequence's length is kept: among these are the weights. Loops over heads or sequences
leave several small tensors, which are put together again. What is computed without such a tensor
(in numpy, row by row) is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from checks.beside.measure import set_parameters
from checks.judging.attention import MOST_MAPS, Found, Layout, layout_of, same_tokens
from checks.judging.attention_slips import MISTAKES, NONE, RIGHT, Mistake, Readings
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


class _Watch(TorchFunctionMode):
    """Keep a copy of every real tensor with exactly two axes of the sequence's length."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.groups: dict[tuple[str, tuple[int, ...]], list[Tensor]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        filled = args[:1] if name in ("__setitem__", "copy_") else ()
        for tensor in _tensors((result, *filled)):
            self._keep(name, tensor)
        return result

    def _keep(self, name: str, tensor: Tensor) -> None:
        axes = [axis for axis, size in enumerate(tensor.shape) if size == self.length]
        if len(axes) == 2 and tensor.is_floating_point() and tensor.device.type != "meta":
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
    layout = layout_of(msa, d, n_heads, call)
    values = layout.draw_weights(draw, biases=False)
    set_parameters(msa, values)
    with _Watch(x.shape[1]) as watch:
        result = msa(x)
    theta = layout.flat(values)
    seen = watch.latest_first(len(x) * n_heads)
    found = _search(layout, theta, x, result, msa)
    if found.readings:
        return _beside_right(layout, theta, x, found.readings, seen)
    yours = seen[0] if seen else None
    expected = None
    if yours is not None:
        expected, yours = _beside_mistaken(layout, theta, x, yours)
    return Weights(yours, expected, right=False, cause=found.cause)


def _search(layout: Layout, theta: Tensor, x: Tensor, result: Tensor, msa: Any) -> Found:
    readings = layout.plain_ones(theta, x, result)
    if readings:
        return Found(readings)
    if max(len(layout.in_maps), len(layout.out_maps)) > MOST_MAPS:
        return Found([])
    return layout.search(theta, x, result, msa(same_tokens(x)))


def _beside_right(
    layout: Layout, theta: Tensor, x: Tensor, readings: Readings, seen: list[Tensor]
) -> Weights:
    """Find among what was seen the weights that a right reading of the parameters has."""
    q, k, *_ = readings[0]
    expected = layout.attend(theta, x[:1], q[None], k[None], RIGHT)[0, 0, 0]
    both_ways = [turned for maps in seen for turned in (maps, maps.mT)]
    tried = [_nearest(expected, maps) for maps in both_ways]
    fitting = [yours for yours in tried if torch.allclose(yours, expected, rtol=0.0, atol=NEAR)]
    return Weights(fitting[0] if fitting else None, expected, right=True)


def _beside_mistaken(
    layout: Layout, theta: Tensor, x: Tensor, seen: Tensor
) -> tuple[Tensor | None, Tensor]:
    """Return the right weights for the q and k that mistaken ones come from, and the mistaken ones.

    None, and the first maps that were seen, where no known mistake gives them.
    """
    plain = layout.plain_readings(theta)
    for mistake in dict.fromkeys([NONE, *MISTAKES.values()]):
        keys = plain.shared if mistake.shares else plain.maps
        if not len(keys) or mistake.over_batch:
            continue
        given = _attention(layout, theta, x, (plain.maps, keys), mistake)
        apart = (given[:, :, :, None] - seen).abs().amax((-2, -1)).amin(-1).amax(-1)
        if apart.min() <= NEAR:
            a, b = divmod(int(apart.argmin()), len(keys))
            right = _attention(layout, theta, x, (plain.maps[[a]], keys[[b]]), NONE)[0, 0]
            return right, _nearest(given[a, b], seen)
    return None, seen[: layout.n_heads]


def _attention(
    layout: Layout, theta: Tensor, x: Tensor, maps: tuple[Tensor, Tensor], mistake: Mistake
) -> Tensor:
    """Return the first sequence's weights (q map, k map, head, query, key) as a mistake has them."""
    B, N, _ = x.shape

    def heads(indices: Tensor) -> Tensor:
        mapped = torch.einsum("bnd,red->rbne", x.double(), theta[indices])
        if mistake.split == "reshape":
            return mapped.reshape(-1, B, layout.n_heads, N, layout.d_head)
        return mapped.reshape(-1, B, N, layout.n_heads, layout.d_head).transpose(2, 3)

    scores = torch.einsum("abhnr,cbhmr->acbhnm", heads(maps[0]), heads(maps[1]))
    return mistake.weights(scores, layout.d, layout.d_head)[:, :, 0]


def _nearest(expected: Tensor, seen: Tensor) -> Tensor:
    """Return, for each head's map, the nearest of those seen: loops run in any order."""
    apart = (expected[:, None] - seen).abs().amax((-2, -1))
    return seen[apart.argmin(1)]


def _tensors(values: Iterable[object]) -> Iterator[Tensor]:
    """Yield the tensors in a result, which may be a tuple of them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def last_attention(run: Callable[[], object], length: int, maps: int) -> Tensor | None:
    """Return the attention weights (map, query, key) that a run computes last; None if none are seen.

    length  of the sequences
    maps    of one layer: sequences times heads
    """
    with _Watch(length) as watch:
        run()
    return next(iter(watch.latest_first(maps)), None)
