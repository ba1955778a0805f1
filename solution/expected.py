"""What the visible checks of q1 and q2 expect, and what well-known mistakes give instead.

`autograder student` writes these numbers into student/checks/expected.json, from the reference
solution: so the checks that students read hold numbers, and no code that would solve a question.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from autograder.handout.expected import Expected, numbers_of

SIDE = 4  # patches a side in the picture of q1, of a digit with 28 x 28 pixels
POSITIONS, WAVES = 17, 16  # rows and columns of the table in the picture of q2


def expected(vit: ModuleType) -> Iterator[Expected]:
    """Yield right answers and mistaken ones, for the inputs that the visible checks choose."""
    for n, h, w in itertools.product((1, 2), (1, 3), (1, 3)):
        yield _patches(vit, n, h, w)
    for N, d in itertools.product((1, 2, 3), (2, 4, 6)):
        yield _positions(vit, N, d)
    places = torch.arange(784.0).reshape(1, 1, 28, 28)
    yield Expected("picture of q1", {"side": SIDE}, numbers_of(vit.patchify(places, SIDE)[0]))
    table = vit.get_positional_embeddings(POSITIONS, WAVES)
    yield Expected("picture of q2", {"N": POSITIONS, "d": WAVES}, numbers_of(table))


def _patches(vit: ModuleType, n: int, h: int, w: int) -> Expected:
    """Return the patches of a picture whose pixels are numbered as one reads them."""
    images = torch.arange(float(n * h * n * w)).reshape(1, 1, n * h, n * w)
    right = vit.patchify(images, n)
    inside = right.reshape(1, n * n, h, w)
    slips = {
        "n_patches is taken for the size of a patch: it is their number a side.": (
            images.unfold(2, n, n).unfold(3, n, n).reshape(1, -1, n * n)
        ),
        "the patches run down the columns first.": (
            right.reshape(1, n, n, h * w).transpose(1, 2).reshape(right.shape)
        ),
        "the pixels inside a patch run down the columns first.": (inside.mT.reshape(right.shape)),
        "the picture is only reshaped: strips of pixels instead of a grid of patches.": (
            images.reshape(right.shape)
        ),
        "every patch takes each second pixel instead of neighbours.": (
            images.reshape(h, n, w, n).permute(1, 3, 0, 2).reshape(right.shape)
        ),
        "the numbers of one patch stand in a column: transpose the last two axes.": right.mT,
        "windows overlap: each starts one pixel after the other.": (
            images.unfold(2, h, 1).unfold(3, w, 1).reshape(1, -1, h * w)
        ),
        "the pixels are divided by 255: they are moved, not changed.": right / 255,
        "the mean is taken away from the pixels: they are moved, not changed.": right
        - right.mean(),
        "the patches are stacked along the first axis, which is the batch's: dim=1.": (
            right.transpose(0, 1)
        ),
        "the batch axis is lost: every image of a batch is cut, not the first alone.": right[0],
    }
    return _case("patchify", {"n": n, "h": h, "w": w}, right, slips)


def _positions(vit: ModuleType, N: int, d: int) -> Expected:
    """Return a table of positions."""
    right = vit.get_positional_embeddings(N, d)

    def waves(rate: Callable[[int], float], start: int = 0) -> Tensor:
        angle = torch.arange(start, start + N)[:, None] * torch.tensor(
            [float(rate(j)) for j in range(d)]
        )
        return torch.where(torch.arange(d) % 2 == 0, angle.sin(), angle.cos())

    def pair(j: int) -> int:
        return j - j % 2

    def rate_of_base(base: float) -> Callable[[int], float]:
        return lambda j: base ** -(pair(j) / d)

    rate = rate_of_base(10000)
    slips = {
        "sine and cosine are swapped: even columns hold the sine.": (
            right.reshape(N, -1, 2).flip(2).reshape(N, d)
        ),
        "all sines stand first, then all cosines: they alternate.": torch.cat(
            [right[:, 0::2], right[:, 1::2]], dim=1
        ),
        "the exponent is doubled (4i/d): the column number already is 2i.": waves(
            lambda j: 10000 ** -(2 * pair(j) / d)
        ),
        "cosine columns use their own number instead of their pair's.": waves(
            lambda j: 10000 ** -(j / d)
        ),
        "every column uses 2 * its own number / d.": waves(lambda j: 10000 ** -(2 * j / d)),
        "all columns have the same frequency (an integer division in the exponent?).": waves(
            lambda j: 1
        ),
        "positions start at 1 instead of 0.": waves(rate, start=1),
        "the exponent is divided by d - 1 instead of d.": waves(
            lambda j: 10000 ** -(pair(j) / (d - 1))
        ),
        "the exponent is divided by the number of pairs less one, not by d / 2.": waves(
            lambda j: 10000 ** -(j // 2 / max(d // 2 - 1, 1))
        ),
        "the exponent is rounded down: // binds as * and / do.": waves(
            lambda j: math.exp(pair(j) * (-math.log(10000) / d // 2))
        ),
        "the minus sign of the exponent is missing.": waves(lambda j: 10000 ** (pair(j) / d)),
        "the odd columns are left at zero: they hold the cosines.": right
        * (torch.arange(d) % 2 == 0),
        "only the first row is filled: is the `return` inside the loop?": (
            right * (torch.arange(N) == 0)[:, None]
        ),
        "the positions are divided by the length.": waves(lambda j: rate(j) / N),
        "the angles are rounded to whole numbers.": waves(lambda j: rate(j) == 1),
        **{
            f"the base is {base} instead of 10000{same}.": waves(rate_of_base(base))
            for base, same in {
                100: ", or the exponent i/d instead of 2i/d",
                1000: "",
                100000: "",
            }.items()
        },
    }
    return _case("get_positional_embeddings", {"N": N, "d": d}, right, slips)


def _case(of: str, sizes: dict[str, int], right: Tensor, slips: dict[str, Tensor]) -> Expected:
    """Leave out the slips that give nothing else than what is right."""
    told: dict[str, Any] = {
        sentence: numbers_of(wrong)
        for sentence, wrong in slips.items()
        if not torch.equal(wrong, right)
    }
    return Expected(of, sizes, numbers_of(right), told)
