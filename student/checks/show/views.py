"""What each question's picture shows: what the student's own code does, beside what it should.

Only public inputs are shown: a digit from the handout's data, small tables, drawn numbers. Where
something cannot be drawn beside the expected (another shape, an exception), the error says so in
the words that the tests use.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from checks.judging.attention.watched import NEAR, Weights, weights_of
from checks.judging.model import blocks_seen
from checks.running.facts import STUDENT
from checks.telling.failures import NUMBERS, CheckFailed
from checks.words.compare import expect, expect_shape
from checks.words.draw import Draw
from checks.words.expected import expected as worked_out

if TYPE_CHECKING:
    from checks.show.pictures import Picture

DIGITS = Path("MNIST", "raw", "t10k-images-idx3-ubyte.gz")
FIVE = 167  # the place of a digit in that file with ink in 14 of its 16 patches

SIDE = 4  # patches a side
POSITIONS, WAVES = 17, 16  # the table's rows and columns
TABLE_NEAR = 1e-4  # as in the tests: angles may be worked out in float32
FEATURES, HEADS, TOKENS = 10, 2, 7  # of the attention: its length is no multiple of another size


@dataclass(frozen=True)
class View:
    """A picture of what the student's code does.

    picture  None where there is nothing to draw
    same     whether it is what was expected
    said     that in a sentence
    """

    picture: Picture | None
    same: bool
    said: str


# --- q1 --------------------------------------------------------------------------------------


def patches(vit: Any) -> View:
    """The patches of a digit, those that differ framed."""
    from checks.show import pictures

    digit = read_digit()
    images = digit[None, None]
    h, w = digit.shape[0] // SIDE, digit.shape[1] // SIDE
    call = f"patchify(images, {SIDE}), with images of shape {tuple(images.shape)}"
    got = vit.patchify(images.clone(), SIDE)
    expect_shape(got, (1, SIDE**2, h * w), call=call)
    places = worked_out("picture of q1", side=SIDE).right.long()  # of each patch's pixels
    yours, expected = _plain(got)[0], digit.flatten()[places]
    differ = (yours != expected).any(1)
    said = f"patchify(images, {SIDE}) of one channel: {_counted(differ, 'patches')}"

    picture = pictures.new_picture(9.4, 3.6, f"q1  {said}")
    whole, own, right = picture.subplots(1, 3)
    pictures.cut(whole, digit, SIDE, f"a digit and its {SIDE} x {SIDE} patches")
    pictures.mosaic(own, yours.reshape(-1, h, w), SIDE, "yours (framed: differs)", differ)
    pictures.mosaic(right, expected.reshape(-1, h, w), SIDE, "expected: patches[0]")
    return View(picture, not differ.any(), said)


def read_digit() -> Tensor:
    """Return one of the handout's digits, (28, 28), ink from 0 to 1."""
    path = STUDENT / "data" / DIGITS
    if not path.exists():
        raise CheckFailed(
            f"There is no {DIGITS.as_posix()} in {STUDENT / 'data'}: it came with the handout."
        )
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise CheckFailed(f"{path} cannot be read: {error}") from None
    images = np.frombuffer(content, dtype=np.uint8, offset=16).reshape(-1, 28, 28)
    return torch.from_numpy(images[FIVE].astype(np.float32) / 255)


# --- q2 --------------------------------------------------------------------------------------


def positions(vit: Any) -> View:
    """The positional table beside the expected one, and the difference."""
    from checks.show import pictures

    call = f"get_positional_embeddings({POSITIONS}, {WAVES})"
    got = vit.get_positional_embeddings(POSITIONS, WAVES)
    right = (POSITIONS, WAVES)
    extra = isinstance(got, Tensor) and tuple(n for n in got.shape if n > 1) == right
    shape = tuple(got.shape) if extra else right
    expect_shape(got.reshape(right) if extra else got, right, call=call)
    yours, expected = (
        _plain(got).reshape(right),
        worked_out("picture of q2", N=POSITIONS, d=WAVES).right,
    )
    differ = ~torch.isclose(yours, expected, rtol=0.0, atol=TABLE_NEAR)
    said = f"{call}: {_counted(differ, 'numbers')}"
    if shape != right:
        said += f"; the shape is {shape} instead of {right}"
    elif got.dtype != torch.float32:
        said += f"; the dtype is {got.dtype} instead of torch.float32"

    picture = pictures.new_picture(9.4, 4.6, f"q2  {said}")
    axes = picture.subplots(1, 3, sharey=True)
    pictures.table(axes[0], yours, "yours", -1, 1)
    bar = pictures.table(axes[1], expected, "expected", -1, 1)
    picture.colorbar(bar, ax=axes[:2].tolist(), shrink=0.8)
    apart = (yours - expected).abs()
    bar = pictures.table(axes[2], apart, "how far apart (x: differs)", 0, 2)
    picture.colorbar(bar, ax=axes[2], shrink=0.8)
    pictures.crossed(axes[2], differ)
    axes[0].set_ylabel("position")
    for one in axes:
        one.set_xlabel("column")
    as_asked = shape == right and got.dtype == torch.float32
    return View(picture, as_asked and not differ.any(), said)


# --- q3 --------------------------------------------------------------------------------------


def attention(vit: Any) -> View:
    """The attention map of each head beside the expected one."""
    draw = Draw(0, "the picture of q3")
    x = draw(3, TOKENS, FEATURES)
    call = f"MyMSA(d={FEATURES}, n_heads={HEADS})(x)"
    weights = weights_of(vit.MyMSA(FEATURES, HEADS), FEATURES, HEADS, x, draw, call)
    result = "Its result is right." if weights.right else "Its result is not that of attention."
    if weights.cause:
        result = f"{result} {NUMBERS} if {weights.cause}"
    if weights.yours is None:
        said = f"{call}: no attention weights of shape (N, N) could be seen. {result}"
        return View(None, weights.right, said)
    if weights.expected is None:
        return _rows_alone(weights.yours, call, result)
    return _maps_beside(weights, call, result)


def _maps_beside(weights: Weights, call: str, result: str) -> View:
    from checks.show import pictures

    yours, expected, differ = weights.yours, weights.expected, weights.differ
    assert yours is not None
    assert expected is not None
    assert differ is not None
    said = f"{call}: {_counted(differ, 'attention weights')}. {result}"
    picture = pictures.new_picture(9.4, 6.6, f"q3  {_wrapped(said)}")
    high = max(1.0, float(yours.max()))
    for head, row in enumerate(picture.subplots(HEADS, 3, squeeze=False)):
        apart = (yours[head] - expected[head]).abs()
        maps = (
            ("yours", yours[head], high),
            ("expected", expected[head], high),
            ("how far apart (x: differs)", apart, 1.0),
        )
        for axes, (title, numbers, most) in zip(row, maps):
            bar = pictures.table(axes, numbers, f"head {head}: {title}", 0, most)
            axes.set(xlabel="key", ylabel="query")
        picture.colorbar(bar, ax=row[2])  # the others have their numbers written
        for axes, (_, numbers, most) in zip(row[:2], maps):
            pictures.written(axes, numbers, most)
        pictures.crossed(row[2], differ[head])
    return View(picture, weights.right and not differ.any(), said)


def _rows_alone(yours: Tensor, call: str, result: str) -> View:
    """Draw weights for which no expected ones are known, and what each row sums to."""
    from checks.show import pictures

    sums = yours.sum(-1)
    wrong = ~torch.isclose(sums, torch.ones_like(sums), rtol=0.0, atol=NEAR)
    said = (
        f"{call}: which of your layers make q and k could not be found, so there is nothing to compare "
        f"with. {int(wrong.sum())} of {wrong.numel()} rows do not sum to 1, as shares must. {result}"
    )
    picture = pictures.new_picture(9.4, 4.6, f"q3  {_wrapped(said)}")
    high = max(1.0, float(yours.max()))
    for head, axes in enumerate(picture.subplots(1, HEADS, squeeze=False)[0]):
        pictures.table(axes, yours[head], f"head {head}: yours", 0, high)
        pictures.written(axes, yours[head], high)
        axes.set(xlabel="key", ylabel="query")
        labels = [f"sum {s:.2f}{' x' if w else ''}" for s, w in zip(sums[head], wrong[head])]
        beside = axes.secondary_yaxis("right")
        beside.set_yticks(range(len(labels)), labels)
    return View(picture, False, said)


# --- q5 --------------------------------------------------------------------------------------


def tokens(vit: Any) -> View:
    """Which patch of the image each token changes with."""
    from checks.show import pictures

    n = SIDE**2
    model = vit.LightViT((1, 1, 28, 28), n_patches=SIDE, n_blocks=1, d=8, n_heads=2)
    expect(isinstance(model, torch.nn.Module), call="LightViT(...)", expected="an nn.Module",
           got=f"a {type(model).__name__}")  # fmt: skip
    grey = Draw(0, "the picture of q5")(1, 1, 28, 28)
    images = grey.repeat(n + 1, 1, 1, 1)
    side = 28 // SIDE
    for patch in range(n):
        top, left = patch // SIDE * side, patch % SIDE * side
        images[patch + 1, 0, top : top + side, left : left + side] += 1
    seen = blocks_seen(model, images, n + 1, 8).inputs[0]
    yours = ((seen[1:] - seen[:1]).abs().amax(-1) > 1e-6).T.float()  # (token, patch)
    expected = torch.cat([torch.zeros(1, n), torch.eye(n)])
    differ = yours != expected
    said = f"LightViT: {_counted(differ, 'cells (token, patch)')}"
    if torch.equal(yours, expected.roll(-1, 0)):
        said += ": exactly those that do if the class token stands behind the patches."

    picture = pictures.new_picture(9.4, 4.9, f"q5  {said}")
    axes = picture.subplots(1, 2, sharey=True)
    for one, numbers, title in zip(axes, (yours, expected), ("yours (x: differs)", "expected")):
        pictures.pattern(one, numbers, f"{title}; dark: changes with it")
        one.set_xlabel("patch of the image")
    axes[0].set_ylabel("token before the first block")
    pictures.crossed(axes[0], differ)
    return View(picture, not differ.any(), said)


# --- all of them -----------------------------------------------------------------------------


def _nothing(said: str) -> Callable[[Any], View]:
    return lambda vit: View(None, True, said)


DRAWN_BY_TRAINING = _nothing(
    "There is nothing to compare here: `python train.py` draws the curves and the predictions."
)
VIEWS: Mapping[str, Callable[[Any], View]] = {
    "q1": patches,
    "q2": positions,
    "q3": attention,
    "q4": _nothing(
        "A block has no picture of its own: `pytest -k q4` says where it differs, in the notebook "
        'check("q4").'
    ),
    "q5": tokens,
    "q6": DRAWN_BY_TRAINING,
    "q7": DRAWN_BY_TRAINING,
}


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().float()


def _counted(differ: Tensor, what: str) -> str:
    count = int(differ.sum())
    if not count:
        return f"all {differ.numel()} {what} are as expected"
    return f"{count} of {differ.numel()} {what} differ"


def _wrapped(text: str) -> str:
    return fill(text, 100)
