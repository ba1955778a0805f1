"""q2, visible: the first rows of small tables, worked out by hand."""

import math

import torch

from checks import (
    builds_on,
    evidence,
    expect,
    expect_shape,
    expect_tensor,
    for_sizes,
    law,
    weight,
)
from checks.judging.evidence import expect_waves

TABLE = {"rtol": 0.0, "atol": 1e-4}  # float32 angles are off by up to 6e-5 at position 1000


def rows(table):
    """Drop an extra axis in front: its own check pays for it."""
    if isinstance(table, torch.Tensor) and table.dim() == 3 and 1 in table.shape[:2]:
        return table.flatten(0, 1)
    return table


def waves(N, d, rate, start=0):
    """Return sin, cos, sin, cos, ... of position * rate(column)."""
    position = torch.arange(start, start + N)[:, None]
    column = torch.arange(d)
    angle = position * torch.tensor([float(rate(j)) for j in range(d)])
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())


@weight(4)
def test_a_small_table(vit):
    """Three positions with six features have these sines and cosines."""

    def check(N, d):
        call = f"get_positional_embeddings({N}, {d})"
        got = rows(vit.get_positional_embeddings(N, d))
        expect(
            not differ(got, rows(vit.get_positional_embeddings(N, d))),
            call=f"{call}, twice",
            expected="the same table: the formula fixes every number",
            got="random numbers, others every time",
        )
        right = waves(N, d, lambda j: 10000 ** -((j - j % 2) / d))
        expect_tensor(got, right, call=call, tol=TABLE, dtype=False, slips=slips(N, d, right))

    for_sizes(check, N=(1, 2, 3), d=(2, 4, 6))


def differ(one, other):
    both = isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor)
    return both and one.shape == other.shape and bool((one != other).any() and one.isfinite().all())


def slips(N, d, right):
    """Return what the well-known mistakes make of the table."""

    def pair(j):
        return j - j % 2

    return {
        "sine and cosine are swapped: even columns hold the sine.": (
            right.reshape(N, -1, 2).flip(2).reshape(N, d)
        ),
        "all sines stand first, then all cosines: they alternate.": torch.cat(
            [right[:, 0::2], right[:, 1::2]], dim=1
        ),
        "the exponent is doubled (4i/d): the column number already is 2i.": waves(
            N, d, lambda j: 10000 ** -(2 * pair(j) / d)
        ),
        "cosine columns use their own number instead of their pair's.": waves(
            N, d, lambda j: 10000 ** -(j / d)
        ),
        "every column uses 2 * its own number / d.": waves(N, d, lambda j: 10000 ** -(2 * j / d)),
        "all columns have the same frequency (an integer division in the exponent?).": waves(
            N, d, lambda j: 1
        ),
        "positions start at 1 instead of 0.": waves(
            N, d, lambda j: 10000 ** -(pair(j) / d), start=1
        ),
        "the exponent is divided by d - 1 instead of d.": waves(
            N, d, lambda j: 10000 ** -(pair(j) / (d - 1))
        ),
        "the exponent is divided by the number of pairs less one, not by d / 2.": waves(
            N, d, lambda j: 10000 ** -(j // 2 / max(d // 2 - 1, 1))
        ),
        "the exponent is rounded down: // binds as * and / do.": waves(
            N, d, lambda j: math.exp(pair(j) * (-math.log(10000) / d // 2))
        ),
        "the positions are divided by the length.": waves(
            N, d, lambda j: 10000 ** -(pair(j) / d) / N
        ),
        "the angles are rounded to whole numbers.": waves(
            N, d, lambda j: 10000 ** -(pair(j) / d) == 1
        ),
        **{
            f"the base is {base} instead of 10000.": waves(
                N, d, lambda j, base=base: base ** -(pair(j) / d)
            )
            for base in (100, 1000, 100000)
        },
    }


@weight(1)
@evidence
@builds_on("test_a_small_table")
def test_the_columns_are_waves(vit):
    """The columns are waves: sines and cosines of the position."""
    table = rows(vit.get_positional_embeddings(12, 6))
    expect_waves(table, 12, 6, call="get_positional_embeddings(12, 6)")


@weight(2)
@law
def test_the_table_has_two_axes(vit):
    """The table's shape is (sequence_length, d), without an extra axis."""
    expect_shape(
        vit.get_positional_embeddings(5, 6),
        (5, 6),
        call="get_positional_embeddings(5, 6)",
        slips={
            "there is a batch axis in front: (N, d) adds to (B, N, d) without it.": (1, 5, 6),
            "there is an extra axis in the middle.": (5, 1, 6),
            "rows and columns are exchanged.": (6, 5),
        },
    )


@weight(1)
@law
@builds_on("test_the_table_has_two_axes")
def test_the_table_is_float32(vit):
    """The table is a float32 tensor."""
    table = vit.get_positional_embeddings(3, 4)
    expect_shape(rows(table), (3, 4), call="get_positional_embeddings(3, 4)")
    expect(
        table.dtype == torch.float32,
        call="get_positional_embeddings(3, 4).dtype",
        expected="torch.float32",
        got=str(table.dtype),
    )
