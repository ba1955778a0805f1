"""Find, among the tensors of a forward, features that are affine in the token they belong to.

A query, a key or a value is one, however many layers, products or parametrizations its map is made
of. No layout is assumed: every number on the way is fitted as an affine function of each token, on
some inputs, and checked on others. The numbers of one token, in the order in which they stand, are
its features, wherever the axes of tokens, heads and features are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

FOR_CHECK = 8  # forwards that are not fitted, and must agree
APART = 1e-3  # of the largest number: float32 through some layers, but no bend of a GELU
ALIKE = 1e-4  # of the largest coefficient: the same map
MOST_FUSED = 8  # maps in one tensor
HUGE = 1e30
CONSTANT = -1  # the token of a number that no token changes
OTHER = -2  # the token of a number that is no affine function of one


def forwards_for(d: int) -> int:
    """Return how many forwards tell the affine functions of a token from all others."""
    return d + 1 + 2 * FOR_CHECK


@dataclass(frozen=True)
class Fitted:
    """Every number on the way, as a function of one token.

    numbers  (S, E), of all tensors side by side
    token    (E,), which of the tokens it belongs to, CONSTANT or OTHER
    weights  (E, d + 1), its coefficients for the token's features, and what is added
    parts    tensor -> where its numbers are
    """

    numbers: Tensor
    token: Tensor
    weights: Tensor
    parts: dict[str, slice]


def fitted(steps: Mapping[str, Tensor], runs: Tensor) -> Fitted:
    """Fit all numbers of some forwards of one sequence: steps (S, ...), runs (S, 1, N, d)."""
    steps = {name: values for name, values in steps.items() if values.shape[:1] == runs.shape[:1]}
    parts, end = {}, 0
    for name, values in steps.items():
        parts[name] = slice(end, end := end + values[0].numel())
    flat = [values.flatten(1).double() for values in steps.values()]
    numbers = torch.cat([torch.empty(len(runs), 0).double(), *flat], dim=1)
    if not numbers.numel():  # nothing was seen, and to fit a map to it is an error
        return Fitted(numbers, torch.empty(0).long(), torch.empty(0, runs.shape[-1] + 1), {})
    # What a mask makes infinite would spoil the fit of all, and so would what is as good as infinite.
    numbers = torch.where(numbers.abs() < HUGE, numbers, 0.0)
    largest = numbers.abs().amax(0).clamp(min=1e-12)
    ones = torch.ones(len(runs), 1).double()
    errors, solutions = [], []
    for token in runs[:, 0].double().unbind(1):
        design = torch.cat([token, ones], dim=1)
        rows = design[FOR_CHECK:], numbers[FOR_CHECK:]
        # Normalised features depend on each other: of all solutions the smallest.
        solution = torch.linalg.lstsq(*rows, rcond=1e-9, driver="gelsd").solution
        errors.append((design @ solution - numbers).abs().amax(0) / largest)
        solutions.append(solution.T)
    least, which = torch.stack(errors).min(0)
    which[least > APART] = OTHER
    which[(numbers - numbers[:1]).abs().amax(0) <= 1e-7 * largest] = CONSTANT
    weights = torch.stack(solutions)[which.clamp(min=0), torch.arange(len(which))]
    return Fitted(numbers, which, weights, parts)


def features(seen: Fitted, length: int) -> Iterator[tuple[str, Tensor]]:
    """Yield what may be features of every token: where they are, and their maps (m, d + 1).

    Taken alone, and with those that the same operator makes in the same way: a loop over heads,
    sequences or tokens leaves several.
    """
    groups: dict[object, list[str]] = {}
    for name, part in seen.parts.items():
        if bool((seen.token[part] != OTHER).all()) and bool((seen.token[part] >= 0).any()):
            size = part.stop - part.start
            groups.setdefault((name.partition(" ")[2], size), []).append(name)
            groups[name] = [name]
    for names in groups.values():
        maps = _of_each_token(seen, names, length)
        if maps is not None:
            yield f"{names[0]} and {len(names) - 1} alike", maps


def _of_each_token(seen: Fitted, names: list[str], length: int) -> Tensor | None:
    """Return the maps of these tensors' numbers, if they are the same for every token."""
    token = torch.cat([seen.token[seen.parts[name]] for name in names])
    weights = torch.cat([seen.weights[seen.parts[name]] for name in names])
    each = [weights[token == n] for n in range(length)]
    if len({len(one) for one in each}) != 1 or not len(each[0]):
        return None
    apart = max((one - each[0]).abs().max() for one in each)
    return each[0] if apart <= APART * each[0].abs().max() else None


def maps_of_heads(maps: Tensor, n_heads: int) -> Iterator[tuple[str, Tensor]]:
    """Read features (m, d + 1) as maps of all heads (d, d + 1), one or several, head by head."""
    d = maps.shape[1] - 1
    for one in (maps, without_repeats(maps)):
        count, rest = divmod(len(one), d)
        if rest or not 0 < count <= MOST_FUSED:
            continue
        sizes = {"map": count, "head": n_heads, "row": d // n_heads}
        for order in itertools.permutations(sizes):
            axes = [order.index(axis) for axis in sizes]
            cut = one.reshape(*(sizes[axis] for axis in order), d + 1).permute(*axes, 3)
            for number, piece in enumerate(cut):
                yield f"{len(one)} as {' '.join(order)}: {number}", piece.reshape(d, d + 1)


def maps_of_one_head(maps: Tensor, n_heads: int) -> Iterator[tuple[str, Tensor]]:
    """Read features (m, d + 1) as maps of one head, each repeated for all of them (d, d + 1)."""
    d = maps.shape[1] - 1
    one = without_repeats(maps)
    count, rest = divmod(len(one), d // n_heads)
    if not rest and 0 < count < min(n_heads, 4):
        for number, piece in enumerate(one.reshape(count, -1, d + 1)):
            yield f"{len(one)} for all heads: {number}", piece.repeat(n_heads, 1)


def without_repeats(maps: Tensor) -> Tensor:
    """Keep each of some maps (m, d + 1) once: what is expanded along other tokens stands there often."""
    apart = (maps[:, None] - maps).abs().amax(-1)
    alike = apart <= ALIKE * maps.abs().amax(-1)
    return maps[~alike.tril(-1).any(1)]


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two maps are the same function."""
    return bool((one - other).abs().max() <= ALIKE * other.abs().max())
