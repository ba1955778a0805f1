"""Judge a module by whether it is multi-head attention, without knowing a name inside it.

First the module's own parameters are searched for q, k, v and the output map: that is quick, and proves
most files. Where it finds none, the tensors that flow are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

from torch import Tensor

from checks.beside.measure import made_by_a_call, parameters, set_parameters, unregistered
from checks.beside.steps import steps
from checks.judging.attention.flowing import NOTHING, Told, told_by_flow
from checks.judging.attention.layout import Layout, Readings
from checks.judging.attention.slips import LOOSE
from checks.judging.encoder import apart_from_affine
from checks.judging.maps import Maps
from checks.telling.failures import Mismatch
from checks.telling.remarks import remark
from checks.words.compare import Tolerance, error_in_variation, expect, expect_shape, matches
from checks.words.draw import Draw
from checks.words.nearness import noted

MOST_PARAMETERS = 80  # tensors; five heads with maps of their own have 32
MOST_MAPS = 700  # ways to read them as one map; right solutions have up to 400
SMALLER = ((1, 1), (1, 2), (1, 3), (2, 2))  # sequences and tokens
UNSEEN = (
    "A remark, which costs nothing: the result is that of attention, and neither scores nor weights "
    "were ever seen as a tensor. Look at how it is computed."
)
MODERATE = 8.0  # a score that no honest code takes for too large
LARGE = 300.0  # one whose exponential is no float32 any more
# float32 knows a score of 300 to about 1e-4; maps fitted to what flows keep as few digits.
OF_FEW_DIGITS: Tolerance = {"rtol": 1e-2, "atol": 1e-2}


def expect_attention(msa: Any, d: int, n_heads: int, draw: Draw, call: str) -> None:
    """Fail unless the module is multi-head attention, whatever its maps are made of.

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
        why=lambda: (
            "Layers are made in forward, with new random weights at every call: make them in __init__."
            if made_by_a_call(msa, x)
            else "Two calls in evaluation mode differ: something is random. F.dropout(x, p) always "
            "drops; F.dropout(x, p, self.training) and nn.Dropout do so in training only."
        ),
    )
    known = recognised(msa, d, n_heads, draw, call)
    if not known.maps:
        _blame(msa, known, call, draw)
    if not _weights_are_seen(msa, known, draw(1, 5, d)):
        remark(UNSEEN)
    _expect_scores_up_to(MODERATE, msa, known, draw(3, 5, d), call)
    if known.readings and not _hold_with_biases(msa, known, draw, call):
        # A map may be a sum, of which what seemed to be no more than biases is the other part.
        by_flow = _recognised_by_flow(known.layout, msa, draw)
        expect(
            bool(by_flow.maps),
            call=call + ", with random weights and biases",
            expected=f"the numbers of nn.MultiheadAttention({d}, {n_heads}) with your weights",
            got="other numbers, though they agree while every bias is 0",
            why="Each of q, k and v is a linear map of the sequences, weight and bias.",
        )
        _expect_scores_up_to(MODERATE, msa, by_flow, draw(3, 5, d), call)


def expect_large_scores(msa: Any, d: int, n_heads: int, draw: Draw, call: str) -> None:
    """Fail if large scores lead to what is no number or, in what else is attention, to other weights."""
    msa.eval()
    x = draw(3, 5, d)
    expect_shape(msa(x), x.shape, call=call)
    known = recognised(msa, d, n_heads, draw, call)
    expect(
        bool(answer_of(msa, 1e3 * x, call).isfinite().all()),
        call=f"{call}, with x in the thousands",
        expected="finite numbers",
        got="NaN or infinity",
        why="The exponential of a large score is infinite: subtract the row's largest first.",
    )
    if known.maps:  # what is no attention is paid for elsewhere
        _expect_scores_up_to(LARGE, msa, known, x, call)


@dataclass(frozen=True)
class Recognised:
    """What a module was recognised as, with random weights that it still has.

    layout    its parameters
    readings  of them that one draw of numbers cannot tell apart
    maps      by each of the readings, or by what flows; none where it is no attention
    told      by what flows, where there is no reading
    """

    layout: Layout
    readings: Readings
    maps: list[Maps]
    told: Told = NOTHING


def recognised(msa: Any, d: int, n_heads: int, draw: Draw, call: str) -> Recognised:
    """Give the module random weights, and find maps with which attention is what it computes."""
    layout = layout_of(msa, d, n_heads, call)
    if layout.matrices and len(layout.weights) <= MOST_PARAMETERS:
        x, values = draw(3, 6, d), layout.draw_weights(draw, biases=False)
        set_parameters(msa, values)
        theta, result = layout.flat(values), answer_of(msa, x, call)
        readings = layout.plain_ones(theta, x, result)  # of most files: they are soon found
        if not readings and max(len(layout.in_maps), len(layout.out_maps)) <= MOST_MAPS:
            readings = layout.search(theta, x, result, answer_of(msa, same_tokens(x), call))
        if readings:
            return Recognised(layout, readings, [layout.maps(one, theta) for one in readings])
    return _recognised_by_flow(layout, msa, draw)


def _recognised_by_flow(layout: Layout, msa: Any, draw: Draw) -> Recognised:
    told = told_by_flow(msa, layout.d, layout.n_heads, draw)
    return Recognised(layout, [], [told.right] if told.right else [], told)


def layout_of(msa: Any, d: int, n_heads: int, call: str) -> Layout:
    """Return the module's parameters; fail where there are none that it knows of."""
    layout, lists = Layout(parameters(msa), d, n_heads), unregistered(msa)
    if lists or not layout.weights:
        got = f"layers in {lists[0]}" if lists else layout.sizes
        why = "Layers in a plain Python list are not registered: use nn.ModuleList."
        _without_maps(layout, call, got, why if lists else "")
    return layout


def _without_maps(layout: Layout, call: str, got: str, why: str = "") -> NoReturn:
    d, h, d_head = layout.d, layout.n_heads, layout.d_head
    expected = f"learned maps for q, k and v, from {d} features to {h} heads of {d_head}"
    raise Mismatch(f"the parameters() of {call.split('(x)')[0]}", expected, got, why=why)


def answer_of(msa: Any, x: Tensor, call: str) -> Tensor:
    """Return what the module makes of sequences, in their shape: once right, it may yet be wrong."""
    result = msa(x)
    expect_shape(result, x.shape, call=call)
    assert isinstance(result, Tensor)
    return result


def same_tokens(x: Tensor) -> Tensor:
    """Repeat every sequence's first token."""
    return x[:, :1].expand_as(x).clone()


# --- that it holds for other numbers ---------------------------------------------------------


def _hold_with_biases(msa: Any, known: Recognised, draw: Draw, call: str) -> bool:
    """Whether the readings hold with biases as well."""
    layout = known.layout
    for _ in range(2):
        x, values = draw(2, 4, layout.d), layout.draw_weights(draw, biases=True)
        set_parameters(msa, values)
        apart = layout.nearest(known.readings, layout.flat(values), x, answer_of(msa, x, call))
        if apart > 1:
            return False
        noted(apart)
    return True


def _expect_scores_up_to(most: float, msa: Any, known: Recognised, x: Tensor, call: str) -> None:
    """Fail unless the maps give the result where the largest score is `most`.

    Just that, so that what is done to scores beyond some bound is seen always, or never.
    """
    n_heads, apart = known.layout.n_heads, math.inf
    scaled = known.maps[0].scaled(x, n_heads, most)
    if scaled is not None:
        result = answer_of(msa, scaled, call)
        expected = [maps.result(scaled, n_heads) for maps in known.maps]
        exact = known.readings and most <= MODERATE
        tolerance = LOOSE if exact else OF_FEW_DIGITS
        apart = min(error_in_variation(result, one, tolerance) for one in expected)
    expect(
        noted(apart) <= 1,
        call=f"{call}, with random weights and scores up to {most:g}",
        expected="the numbers of nn.MultiheadAttention with your weights",
        got="other numbers, though they agree while the scores are smaller",
        why="Nothing stands between the scores and the softmax but the division by sqrt(d_head).",
    )


def _weights_are_seen(msa: Any, known: Recognised, x: Tensor) -> bool:
    """Whether a token's scores or weights ever were numbers of a tensor on the way to the result."""
    seen = steps(msa, x[None])
    scores = known.maps[0].scores(x, known.layout.n_heads)[0, 0, 0]
    raised = (scores - scores.max()).exp()
    rows = (
        scores,
        scores * math.sqrt(known.layout.d_head),
        scores.softmax(-1),
        scores.exp(),
        raised,
    )
    numbers = [one.double().flatten() for one in seen.values() if one.numel()]
    return not seen or any(_holds(one, row) for one in numbers for row in rows)


def _holds(numbers: Tensor, row: Tensor) -> bool:
    """Whether each number of a row is among these."""
    nearest = (numbers[:, None] - row).abs().amin(0)
    return bool((nearest <= 1e-4 * (1 + row.abs())).all())


# --- that it is none -------------------------------------------------------------------------


def _blame(msa: Any, known: Recognised, call: str, draw: Draw) -> NoReturn:
    """Fail with the mistake that was found, or with what is known beside it."""
    layout, told = known.layout, known.told
    noted(told.error)
    if not told.cause and not layout.matrices:
        _without_maps(layout, call, layout.sizes)
    # The cause is named by all the tokens; what is shown is the smallest input that fails.
    x = draw(3, 6, layout.d)
    shape = _smallest_that_fails(msa, told.mistaken, x, layout.n_heads)
    why = ""
    if not told.cause and not _averages(msa, draw(2 * layout.d, 3, layout.d), call):
        why = (
            "Already with equal tokens they differ, where every token's weights sum to 1 and only the "
            "maps of the values and of the output are left: does the softmax run over the keys, and "
            "do heads and tokens change places before and after?"
        )
    raise Mismatch(
        f"{call}, with random weights and x of shape {shape}",
        "the numbers of nn.MultiheadAttention with your weights",
        "other numbers"
        + (
            ", whichever of your maps are taken for q, k, v and the output"
            if not told.cause
            else ""
        ),
        why=why,
        causes=(told.cause,) if told.cause else (),
    )


def _averages(msa: Any, x: Tensor, call: str) -> bool:
    """Whether for equal tokens an affine map of the token comes back."""
    x = same_tokens(x)
    return apart_from_affine(x[:, 0], answer_of(msa, x, call)[:, 0]) <= 1


def _smallest_that_fails(msa: Any, maps: Maps | None, x: Tensor, n_heads: int) -> tuple[int, ...]:
    """Return the shape of the fewest sequences and tokens for which attention gives other numbers."""
    if maps is None:
        return tuple(x.shape)
    for batch, length in SMALLER:
        part = x[:batch, :length]
        try:
            result = msa(part)
        except Exception:  # what it does to other sizes is not what is to be shown
            continue
        same_shape = isinstance(result, Tensor) and result.shape == part.shape
        if not same_shape or not matches(result, maps.result(part, n_heads), LOOSE):
            return tuple(part.shape)
    return tuple(x.shape)
