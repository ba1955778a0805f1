"""q2, visible: the first rows of small tables, worked out by hand."""

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
from checks.words.expected import expected

ASKED = "get_positional_embeddings"
TABLE = {"rtol": 0.0, "atol": 1e-4}  # float32 angles are off by up to 6e-5 at position 1000
NAN = "0 / 0 gives NaN: ** binds before * and /, so 10000 ** 2 * i / d is (10000 ** 2) * i / d."


def rows(table):
    """Drop an extra axis in front: its own check pays for it."""
    if isinstance(table, torch.Tensor) and table.dim() == 3 and 1 in table.shape[:2]:
        return table.flatten(0, 1)
    return table


@weight(3)
def test_a_small_table(vit):
    """Small tables have the sines and cosines of the formula."""

    def check(N, d):
        call, known = f"get_positional_embeddings({N}, {d})", expected(ASKED, N=N, d=d)
        got = rows(vit.get_positional_embeddings(N, d))
        expect(
            not differ(got, rows(vit.get_positional_embeddings(N, d))),
            call=f"{call}, twice",
            expected="the same table: the formula fixes every number",
            got="random numbers, others every time",
        )
        is_whole = isinstance(got, torch.Tensor) and not got.is_floating_point()
        expect(
            not is_whole or got.shape != known.right.shape,
            call=f"{call}.dtype",
            expected="a dtype of floating-point numbers",
            got=str(getattr(got, "dtype", "")),
            why="Sines and cosines are cut to whole numbers: make the table float32.",
        )
        expect_tensor(
            got,
            known.right,
            call=call,
            tol=TABLE,
            dtype=False,
            slips=known.slips,
            why=lambda: NAN if got.isnan().any() else "",
        )

    for_sizes(check, N=(1, 2, 3), d=(2, 4, 6))


def differ(one, other):
    both = isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor)
    return both and one.shape == other.shape and bool((one != other).any() and one.isfinite().all())


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
