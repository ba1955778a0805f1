"""Recognise attention by what flows, where the parameters do not tell.

Two layers in a row, a product of matrices, a parametrization, a fixed factor: each is a learned linear
map, though no parameter holds its matrix. So the tensors on the way are searched for q, k and v: for
features that are affine in the token they belong to. With their maps, and never with the tensors that
were seen, attention is worked out here, for inputs that were not watched. That an affine map of it,
fitted to some of the module's results, gives its others as well, is the evidence.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from checks.judging.attention.sight import (
    LENGTH,
    SHARED_MAP,
    TOKENS,
    USUAL,
    Sight,
    Three,
    Threes,
    see,
)
from checks.judging.attention.slips import (
    AFTER,
    AFTER_BY_D,
    AVERAGED,
    LOOSE,
    MISTAKES,
    NONE,
    REPEATED,
    SHARED,
    UNLEARNED,
    UNMAPPED,
    UNMAPPED_SCORES,
    UNSCALED,
    Mistake,
    combined,
    gathered,
    weighed,
)
from checks.judging.maps import TIED, Maps, mapped, parallel
from checks.judging.token_maps import same
from checks.words.compare import LEAST_SPREAD, error_in_variation, spread, varying
from checks.words.draw import Draw

AT_ONCE = 500  # combinations of q, k and v
MOST_SCALES = 20  # that are no usual ones
TRIES = 4  # to see it with weights that tell, where some did


@dataclass(frozen=True)
class Told:
    """What the tensors on the way told.

    right     the maps of an attention; the module still has the weights that they come from
    cause     or the mistake, with its maps and what it is
    error     how far the nearest attention is from the result, in units of the tolerance
    """

    right: Maps | None = None
    cause: str = ""
    mistake: Mistake = NONE
    mistaken: Maps | None = None
    error: float = math.inf


NOTHING = Told()


@dataclass(frozen=True)
class Match:
    """Where q, k and v were seen with which attention, or a mistaken one, gives the results.

    factor  by what the gathered values were multiplied before they were seen; None: they were not
    """

    names: Three
    maps: Maps
    factor: float | None = None

    @property
    def right_maps(self) -> Maps:
        """The maps without the factor, which is no part of them."""
        factor = self.factor or 1.0
        out = torch.cat([self.maps.out[:, :-1] / factor, self.maps.out[:, -1:]], dim=1)
        return dataclasses.replace(self.maps, out=out)


def told_by_flow(msa: Any, d: int, n_heads: int, draw: Draw) -> Told:
    """Watch the module with two sets of random weights."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # many small products: more threads only wait for each other
    try:
        return _told(msa, d, n_heads, draw)
    finally:
        torch.set_num_threads(threads)


def _told(msa: Any, d: int, n_heads: int, draw: Draw) -> Told:
    try:
        before, now = (see(msa, d, n_heads, draw) for _ in range(2))
        told, doubtful = _judged(before, now)
        for _ in range(TRIES - 1 if doubtful else 0):
            before, now = now, see(msa, d, n_heads, draw)
            told, _ = _judged(before, now)
            if told.right:
                break
    except Exception as failed:  # of being watched: what is judged are calls like any other
        if getattr(failed, "kind", "raised") != "raised":
            raise
        return NOTHING
    return told if told.right or told.cause else _named(now)


def _judged(before: Sight, now: Sight) -> tuple[Told, bool]:
    """Return what two sights tell, and whether one of them is attention and the other is not.

    That happens with numbers that are too alike to fit a map to.
    """
    flawed, fits = NOTHING, False
    for match in _matches(NONE, now, now.threes):
        flaw, fits = _flaw(match, before, now), True
        if not flaw and (earlier := _match_of(match.names, before)):
            if not _is_given(match.maps.out, earlier.maps.out):
                return Told(right=match.maps, error=0.0), False
            flaw = UNLEARNED
        if flaw and not flawed.cause:
            flawed = Told(cause=flaw, mistaken=match.right_maps)
    if flawed.cause:
        return flawed, False
    return NOTHING, fits or any(True for _ in _matching(NONE, before, before.threes))


# --- what fits -------------------------------------------------------------------------------


def _matches(mistake: Mistake, sight: Sight, threes: Threes) -> list[Match]:
    """Return the q, k and v with which a mistake gives the results; the ones that were gathered.

    Behind one head, an output map makes up for any v: which it is tells what was seen.
    """
    found = list(_matching(mistake, sight, threes))
    seen = [match for match in found if match.factor is not None]
    return [match for match in seen if match.factor == 1] or seen or found


def _matching(mistake: Mistake, sight: Sight, threes: Threes) -> Iterator[Match]:
    """Yield the q, k and v with which a mistake, and an affine map behind it, gives the results."""
    for maps, combinations in threes:
        for start in range(0, len(combinations), AT_ONCE):
            some = combinations[start : start + AT_ONCE]
            outs, apart = _output_maps(mistake, sight, maps, some)
            for place in (apart <= 1).nonzero().flatten().tolist():
                three = some[place]
                inputs, wanted = _computed(mistake, sight.fresh, maps, [three], sight.n_heads)
                if error_in_variation(mapped(inputs[0], outs[place]), wanted, LOOSE) <= 1:
                    q, k, v = (maps[name] for name in three)
                    (factor,) = _factors(mistake, sight, maps, [three])
                    yield Match(three, Maps(q, k, v, outs[place]), factor)


def _output_maps(
    mistake: Mistake, sight: Sight, maps: Mapping[str, Tensor], threes: Sequence[Three]
) -> tuple[Tensor, Tensor]:
    """Fit an output map (R, d, d + 1) for each of R threes; return how near to the result it comes."""
    inputs, wanted = _computed(mistake, sight.x, maps, threes, sight.n_heads)
    rows, target = inputs.flatten(1, 2), wanted.flatten(0, 1)
    design = torch.cat([rows, torch.ones_like(rows[..., :1])], dim=2)
    squares = design.mT @ design
    ridge = 1e-12 * squares.diagonal(dim1=1, dim2=2).mean(1)  # features may depend on each other
    squares = squares + ridge[:, None, None] * torch.eye(squares.shape[1]).double()
    solution = torch.linalg.solve(squares, design.mT @ target)
    if spread(target) < LEAST_SPREAD:  # a constant is what any features give, by a map of zeros
        return solution.mT, torch.full((len(threes),), math.inf)
    made, wanted = varying(design @ solution, target), varying(target, target)
    units = (made - wanted).abs() / (LOOSE["atol"] + LOOSE["rtol"] * wanted.abs())
    return solution.mT, units.flatten(1).amax(1).nan_to_num(nan=math.inf)


def _computed(
    mistake: Mistake,
    seen: tuple[Tensor, Tensor],
    maps: Mapping[str, Tensor],
    threes: Sequence[Three],
    n_heads: int,
) -> tuple[Tensor, Tensor]:
    """Return what is gathered (R, B, N, d), and what an output map should make of it."""
    x, result = (one.double() for one in seen)
    if mistake.adds_input:
        result = result - x
    if mistake.over_batch:
        x, result = x.transpose(0, 1), result.transpose(0, 1)
    q, k, v = _roles(x, maps, threes)
    return gathered(mistake, weighed(mistake, q, k, n_heads), v), result


def _roles(x: Tensor, maps: Mapping[str, Tensor], threes: Sequence[Three]) -> list[Tensor]:
    """Return the q, the k and the v (R, B, N, d) of all the threes, for tokens x (B, N, d)."""
    features = {name: mapped(x, maps[name]) for name in {n for three in threes for n in three}}
    return [torch.stack([features[name] for name in role]) for role in zip(*threes)]


def _factors(
    mistake: Mistake, sight: Sight, maps: Mapping[str, Tensor], threes: Sequence[Three]
) -> list[float | None]:
    """Return by what number the gathered values were multiplied before they were seen first.

    1 where they were seen as they are, None where they were not seen.
    """
    # Each run is a batch of its own, (R, S, 1, N, d): a mistake may mix sequences.
    q, k, v = (one[:, :, None] for one in _roles(sight.runs[:, 0], maps, threes))
    first = gathered(mistake, weighed(mistake, q, k, sight.n_heads), v)[:, :, 0, 0, 0]  # (R, S)
    factors: list[float | None] = [None] * len(threes)
    for three, place in sight.seen(first).nonzero().tolist():
        factor = sight.multiple(first[three], place)
        if factors[three] is None or abs(factor - 1) < 1e-3:
            factors[three] = 1.0 if abs(factor - 1) < 1e-3 else factor
    return factors


def _match_of(names: Three, sight: Sight) -> Match | None:
    """Return what fits if the same places are q, k and v, with these other weights."""
    places = [(maps, [names]) for maps in sight.maps if all(name in maps for name in names)]
    return next(_matching(NONE, sight, places), None)


# --- what is wrong with what fits ------------------------------------------------------------


def _flaw(match: Match, before: Sight, now: Sight) -> str:
    """Say why this is no attention with learned maps of its own for q, k and v, though it fits."""
    if match.names[2] == TOKENS:
        return UNMAPPED
    if TOKENS in match.names:
        return UNMAPPED_SCORES
    inner = match.maps.q, match.maps.k, match.maps.v
    for (role, first), (other, second) in itertools.combinations(zip("qkv", inner), 2):
        if _tied(first, second):
            return REPEATED[role, other]
    if any(any(_repeated(one[:, :-1], now.n_heads)) for one in inner[1:]):
        return SHARED
    if now.n_heads > 1 and all(_repeated(match.maps.out[:, :-1].T, now.n_heads)):
        return AVERAGED  # an affine map makes up for it
    for name, one in zip(match.names, inner):
        if any(name in old and parallel(old[name][:, :-1], one[:, :-1]) for old in before.maps):
            return UNLEARNED
    scale = _scale_inside(match, now)
    if scale != 1:
        return _of_scale(scale / math.sqrt(now.d_head), now)
    return _with_factor("", match.factor, now)


def _tied(one: Tensor, other: Tensor) -> bool:
    """Whether a row of one map is a multiple of a row, or of a column, of the other."""
    rows = F.normalize(one[:, :-1])
    others = torch.cat([F.normalize(other[:, :-1]), F.normalize(other[:, :-1].T)])
    return bool(((rows @ others.T).abs() > 1 - TIED).any())


def _repeated(matrix: Tensor, n_heads: int) -> list[bool]:
    """Return for every two heads whether they have the same map; a head's is made of rows."""
    heads = matrix.reshape(n_heads, -1, matrix.shape[1])
    return [parallel(one, other) for one, other in itertools.combinations(heads, 2)]


def _is_given(out: Tensor, earlier: Tensor) -> bool:
    """Whether an output map is the same with other weights, and does more than put features in order."""
    matrix = out[:, :-1].abs()
    in_order = (matrix > 1e-3 * matrix.max()).sum(1).max() == 1
    return not in_order and parallel(out[:, :-1], earlier[:, :-1])


def _scale_inside(match: Match, sight: Sight) -> float:
    """Return the usual scale that q and k have in them already, and 1 where they have none.

    A factor that v has as well belongs to the layers.
    """
    maps = next(maps for maps in sight.maps if all(name in maps for name in match.names))
    q, k, v = (_usual_factor(name, maps, sight) for name in match.names)
    return 1.0 if q == k == v else q * k


def _usual_factor(name: str, maps: Mapping[str, Tensor], sight: Sight) -> float:
    """Return by what usual factor these features are others that were seen before; else 1."""
    for other in itertools.takewhile(lambda other: other != name, maps):
        for size, power in itertools.product((sight.d, sight.d_head), USUAL):
            if same(size**power * maps[other], maps[name]):
                return float(size**power)
    return 1.0


# --- its name --------------------------------------------------------------------------------


def _named(sight: Sight) -> Told:
    """Name the mistake, or the two, with which the results are just what came out."""
    for cause, mistake in [*MISTAKES.items(), *_other_scales(sight)]:
        if list(mistake.places) == ["scale"] and math.isclose(
            mistake.scale(sight.d, sight.d_head, LENGTH), sight.d_head**-0.5
        ):
            continue  # with one head, the root of d is the right one
        if told := _told_of(cause, mistake, sight, _threes(mistake, sight)):
            return told
    for cause, mistake in combined() if sight.compares else ():
        if told := _told_of(cause, mistake, sight, _gathered(mistake, sight)):
            return told
    return Told(error=_nearest(sight))


def _told_of(cause: str, mistake: Mistake, sight: Sight, threes: Threes) -> Told | None:
    for match in _matches(mistake, sight, threes):
        if _scale_inside(match, sight) == 1:
            said = _with_factor(cause, match.factor, sight)
            return Told(cause=said, mistake=mistake, mistaken=match.right_maps)
    return None


def _other_scales(sight: Sight) -> Iterator[tuple[str, Mistake]]:
    """Yield the scales that were seen between a product of two maps and what is made of it."""
    scales = sorted({round(scale, 5) for scale in sight.scales} - {0.0, 1.0})
    for scale in scales[:MOST_SCALES]:
        yield _of_scale(scale, sight), Mistake(lambda d, d_head, length, scale=scale: scale)  # type: ignore[misc]  # the default holds this turn's scale


def _threes(mistake: Mistake, sight: Sight) -> Threes:
    for maps, threes in sight.threes:  # one order after the other
        yield maps, [three for three in threes if _may_be(three, mistake)]


def _gathered(mistake: Mistake, sight: Sight) -> Threes:
    """Yield those of the threes for which what the mistake gathers was seen, heads before features."""
    for maps, threes in itertools.islice(_threes(mistake, sight), 1):
        for start in range(0, len(threes), AT_ONCE):
            some = threes[start : start + AT_ONCE]
            factors = _factors(mistake, sight, maps, some)
            yield maps, [three for three, factor in zip(some, factors) if factor is not None]


def _may_be(three: Three, mistake: Mistake) -> bool:
    """Whether a mistake could have q, k and v from there: from maps that are not the same."""
    shared = [name.startswith(SHARED_MAP) for name in three]
    tokens = [name == TOKENS for name in three]
    return (
        len(set(three)) == 3
        and shared == [False, mistake.shares, mistake.shares]
        and tokens == [False, False, mistake.values_unmapped]
    )


def _of_scale(scale: float, sight: Sight) -> str:
    """Name what the scores are multiplied by."""
    for cause, mistake in MISTAKES.items():
        usual = mistake.scale(sight.d, sight.d_head, LENGTH)
        if "scale" in mistake.places and math.isclose(usual, scale):
            return cause
    return f"the scores are multiplied by {scale:.3g}, and not by 1 / sqrt(d_head)."


def _with_factor(cause: str, factor: float | None, sight: Sight) -> str:
    """Complete a cause by the factor that stands behind the softmax, if there is one."""
    if factor is None or factor == 1:
        return cause
    said = f"what the softmax gives is multiplied by {factor:.3g}"
    if not cause:
        return f"{said}: each row of the weights sums to 1."
    for size, other in ((sight.d_head, AFTER), (sight.d, AFTER_BY_D)):
        if cause == UNSCALED and math.isclose(factor, size**-0.5, rel_tol=1e-3):
            return other
    return f"{cause.removesuffix('.')}, and {said}."


def _nearest(sight: Sight) -> float:
    """Return how near attention comes to the result with any of the maps, in units of the tolerance."""
    least = math.inf
    for maps, threes in _threes(NONE, sight):
        for start in range(0, len(threes), AT_ONCE):
            _, apart = _output_maps(NONE, sight, maps, threes[start : start + AT_ONCE])
            least = min(least, float(apart.min()))
    return least
