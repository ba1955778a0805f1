"""q2, visible: the first rows of small tables, worked out by hand."""

import torch

from checks import expect, expect_shape, expect_tensor, weight

# sin and cos of 0, 1, 2 for the first pair of columns, and of 0, 0.01, 0.02 for the second.
SMALL = torch.tensor(
    [
        [0.0, 1.0, 0.0, 1.0],
        [0.841471, 0.540302, 0.010000, 0.999950],
        [0.909297, -0.416147, 0.019999, 0.999800],
    ]
)
TABLE = {"rtol": 0.0, "atol": 1e-4}  # float32 angles are off by up to 6e-5 at position 1000


def rows(table):
    """Drop an extra axis in front: its own check pays for it."""
    if isinstance(table, torch.Tensor) and table.dim() == 3 and 1 in table.shape[:2]:
        return table.reshape(-1, table.shape[2])
    return table


@weight(4)
def test_a_small_table(vit):
    """Three positions with four features have these sines and cosines."""
    expect_tensor(
        rows(vit.get_positional_embeddings(3, 4)),
        SMALL,
        call="get_positional_embeddings(3, 4)",
        tol=TABLE,
        dtype=False,
        slips={
            "sine and cosine are swapped: even columns hold the sine.": SMALL[:, [1, 0, 3, 2]],
            "all sines stand first, then all cosines: they alternate.": SMALL[:, [0, 2, 1, 3]],
            "the exponent is doubled (4i/d): the column number already is 2i.": torch.stack(
                [angle_row(p, [1.0, 1.0, 1e-4, 1e-4]) for p in range(3)]
            ),
            "cosine columns use their own number instead of their pair's.": torch.stack(
                [angle_row(p, [1.0, 0.1, 0.01, 0.001]) for p in range(3)]
            ),
            "every column uses 2 * its own number / d.": torch.stack(
                [angle_row(p, [1.0, 0.01, 1e-4, 1e-6]) for p in range(3)]
            ),
            "all columns have the same frequency (an integer division in the exponent?).": (
                torch.stack([angle_row(p, [1.0, 1.0, 1.0, 1.0]) for p in range(3)])
            ),
            "positions start at 1 instead of 0.": torch.stack(
                [angle_row(p + 1, [1.0, 1.0, 0.01, 0.01]) for p in range(3)]
            ),
        },
    )


def angle_row(position, rates):
    """Return sin, cos, sin, cos of position * rate."""
    angles = position * torch.tensor(rates)
    return torch.stack([angles[0].sin(), angles[1].cos(), angles[2].sin(), angles[3].cos()])


@weight(3)
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
