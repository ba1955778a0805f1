"""q2, hidden: longer tables, odd d, lengths of every kind."""

import torch

from checks import (
    EXACT,
    builds_on,
    expect,
    expect_shape,
    expect_tensor,
    for_sizes,
    law,
    reported,
    weight,
)
from checks.beside.measure import takes_gradient
from hidden.oracles import positions

SMALL, AXES = "test_a_small_table", "test_the_table_has_two_axes"
TABLE = {"rtol": 0.0, "atol": 1e-4}  # float32 angles are off by up to 6e-5 at position 1000


def table_of(vit, length, d):
    """Return the student's table, without an extra axis: the visible check pays for that."""
    table = vit.get_positional_embeddings(length, d)
    if isinstance(table, torch.Tensor) and table.dim() == 3 and 1 in table.shape[:2]:
        return table.flatten(0, 1)
    return table


def expect_table(vit, length, d):
    def check(length, d):
        expect_tensor(
            table_of(vit, length, d),
            positions(length, d),
            call=f"get_positional_embeddings({length}, {d})",
            tol=TABLE,
            dtype=False,
        )

    for_sizes(
        check,
        length=[n for n in (1, 2, 5) if n < length] + [length],
        d=[n for n in (1, 2, 3, 4) if n < d] + [d],
    )


@weight(4)
@builds_on(SMALL, AXES)
def test_a_table_for_fifty_tokens(vit, draw):
    """A table of fifty tokens and more has the right waves in every pair of columns."""
    expect_table(vit, 50, 8)
    expect_table(vit, draw.one(60, 80, 120), draw.one(12, 16, 32))


@weight(2)
@builds_on(SMALL, AXES)
def test_an_odd_number_of_features(vit):
    """An odd d works: the last column is a sine."""
    expect_table(vit, 20, 7)
    expect_table(vit, 6, 1)


@weight(1)
@law
@builds_on(SMALL, AXES)
def test_one_token(vit):
    """A table for a single token is row 0 of any other."""
    expect_table(vit, 1, 6)


@weight(1)
@reported
@builds_on(SMALL, AXES)
def test_the_table_is_fixed(vit):
    """The table is the same at every call, and takes no gradient."""
    first, second = table_of(vit, 9, 6), table_of(vit, 9, 6)
    expect_shape(first, (9, 6), call="get_positional_embeddings(9, 6)")
    expect_tensor(
        second,
        first,
        call="get_positional_embeddings(9, 6), a second time",
        tol=EXACT,
    )
    expect(
        not takes_gradient(vit, "get_positional_embeddings", 9, 6),
        call="get_positional_embeddings(9, 6).requires_grad",
        expected="False: the table is fixed",
        got="True",
    )
