"""q3, visible: shapes, one law, and equality with nn.MultiheadAttention for two heads."""

from checks import (
    CLOSE,
    builds_on,
    evidence,
    expect_error,
    expect_shape,
    expect_tensor,
    law,
    weight,
)
from checks.beside.measure import settle
from checks.judging.attention import expect_attention
from checks.judging.evidence import expect_interplay


@weight(1)
@law
def test_the_shape_is_kept(vit, draw):
    """Attention gives back a sequence of the same shape."""
    expect_shape(
        vit.MyMSA(8, 2)(draw(3, 5, 8)),
        (3, 5, 8),
        call="MyMSA(d=8, n_heads=2)(x), with x of shape (3, 5, 8)",
        slips={
            "only one sequence of the batch is returned.": (1, 5, 8),
            "only one head is returned: put the heads side by side.": (3, 5, 4),
            "the attention weights are returned instead of the gathered values.": (3, 2, 5, 5),
            "the heads are not put side by side again.": (3, 2, 5, 4),
            "the heads are put one after the other along the tokens: side by side, in the last axis.": (
                (3, 10, 4)
            ),
        },
    )


@weight(7)
@builds_on("test_the_shape_is_kept")
def test_two_heads_are_multi_head_attention(vit, draw):
    """Two heads compute what nn.MultiheadAttention computes with the same weights."""
    expect_attention(vit.MyMSA(10, 2), 10, 2, draw, call="MyMSA(d=10, n_heads=2)(x)")


@weight(1)
@evidence
@builds_on("test_the_shape_is_kept", "test_two_heads_are_multi_head_attention")
def test_tokens_act_on_each_other(vit, draw):
    """Tokens act on each other's results, by learned weights."""
    expect_interplay(vit.MyMSA(8, 2), draw(3, 5, 8), draw, call="MyMSA(8, 2)(x)")


@weight(1)
@law
@builds_on("test_the_shape_is_kept", "test_two_heads_are_multi_head_attention")
def test_sequences_of_a_batch_do_not_mix(vit, draw):
    """A sequence's result does not depend on the others in its batch."""
    msa, x = vit.MyMSA(8, 2), draw(3, 5, 8)
    settle(msa, x)
    together = msa(x)
    expect_shape(together, (3, 5, 8), call="MyMSA(8, 2)(x), with x of shape (3, 5, 8)")
    expect_tensor(
        msa(x[1:2]),
        together[1:2],
        call="MyMSA(8, 2)(x[1:2]), compared with MyMSA(8, 2)(x)[1:2]",
        tol=CLOSE,
    )


@weight(2)
def test_heads_that_do_not_divide_are_refused(vit):
    """A d that does not divide by n_heads raises ValueError."""
    expect_error(
        lambda: vit.MyMSA(9, 2),
        ValueError,
        call="MyMSA(d=9, n_heads=2)",
        valid=lambda: vit.MyMSA(8, 2),
    )
