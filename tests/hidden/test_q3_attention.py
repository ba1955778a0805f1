"""q3, hidden: other head counts and the laws of attention."""

import math

import torch

from checks import CLOSE, builds_on, expect, expect_shape, expect_tensor, law, reported, weight
from checks.beside.measure import in_dtype, settle, twins_apart
from checks.beside.moving import on_meta_device
from checks.judging.attention import expect_attention, expect_large_scores
from checks.judging.learning import expect_learning

SHAPE, TWO_HEADS = "test_the_shape_is_kept", "test_two_heads_are_multi_head_attention"
ONE_HEAD = "test_one_head"


@weight(1)
@builds_on(SHAPE, TWO_HEADS)
def test_one_head(vit, draw):
    """A single head is plain scaled dot-product attention."""
    expect_attention(vit.MyMSA(7, 1), 7, 1, draw, call="MyMSA(d=7, n_heads=1)(x)")


@weight(5)
@builds_on(SHAPE, TWO_HEADS, ONE_HEAD)
def test_more_heads(vit, draw):
    """Three and five heads work as two do."""
    expect_attention(vit.MyMSA(15, 3), 15, 3, draw, call="MyMSA(d=15, n_heads=3)(x)")
    expect_attention(vit.MyMSA(35, 5), 35, 5, draw, call="MyMSA(d=35, n_heads=5)(x)")


@weight(1)
@law
@builds_on(SHAPE, TWO_HEADS)
def test_large_scores(vit, draw):
    """Large scores are weighted as softmax weighs them, and no number is lost."""
    expect_large_scores(vit.MyMSA(10, 2), 10, 2, draw, call="MyMSA(d=10, n_heads=2)(x)")


@weight(1)
@reported
@builds_on(SHAPE, TWO_HEADS)
def test_two_heads_without_saying(vit, draw):
    """Without n_heads, MyMSA has two heads."""
    apart = twins_apart(vit, "MyMSA", ([12], {}), ([12, 2], {}), draw(2, 5, 12))
    expect(
        apart <= 1e-4,
        call="MyMSA(12)(x), compared with MyMSA(12, 2)(x) holding the same numbers",
        expected="the same numbers",
        got="another number of parameters" if math.isinf(apart) else "other ones",
        why="The signature has a default: n_heads=2.",
    )


@weight(1)
@law
@builds_on(SHAPE, TWO_HEADS)
def test_the_order_of_tokens_does_not_matter(vit, draw):
    """If the tokens are permuted, the results are permuted in the same way."""
    msa, x, order = vit.MyMSA(8, 2), draw(2, 6, 8), torch.tensor([3, 0, 5, 1, 4, 2])
    settle(msa, x)
    result = msa(x)
    expect_shape(result, x.shape, call="MyMSA(8, 2)(x)")
    expect_tensor(msa(x[:, order]), result[:, order], call="MyMSA(8, 2)(x[:, order])", tol=CLOSE)


@weight(1)
@law
@builds_on(SHAPE)
def test_any_length_works(vit, draw):
    """One module takes sequences of any length, a single token included."""
    msa = vit.MyMSA(6, 3)
    for length in (1, 4, 9):
        expect_shape(
            msa(draw(2, length, 6)),
            (2, length, 6),
            call=f"MyMSA(6, 3)(x), with x of shape (2, {length}, 6)",
        )


@weight(1)
@law
@builds_on(SHAPE, TWO_HEADS)
def test_two_calls_agree(vit, draw):
    """In evaluation mode, the same sequence gives the same result."""
    msa, x = vit.MyMSA(8, 2), draw(2, 5, 8)
    settle(msa, x)
    first = msa(x)
    expect_shape(first, x.shape, call="MyMSA(8, 2)(x)")
    expect_tensor(msa(x), first, call="MyMSA(8, 2)(x), a second time", tol=CLOSE)


@weight(1)
@reported
@builds_on(SHAPE, TWO_HEADS)
def test_it_follows_to_another_dtype_and_device(vit, draw):
    """A float64 module maps float64 sequences to float64 results; a moved one stays there."""
    result = in_dtype(vit.MyMSA(8, 2), draw(2, 5, 8), "float64")
    expect_shape(result, (2, 5, 8), call="MyMSA(8, 2).double()(x.double())")
    expect(
        result.dtype == torch.float64,
        call="MyMSA(8, 2).double()(x.double()).dtype",
        expected="torch.float64",
        got=str(result.dtype),
    )
    device = on_meta_device(vit.MyMSA(8, 2), draw(2, 5, 8))
    expect(
        device == "meta",
        call="MyMSA(8, 2).to(device)(x.to(device)).device",
        expected="that device",
        got=device,
    )


@weight(1)
@reported
@builds_on(SHAPE)
def test_every_map_learns(vit, draw):
    """Every parameter that matters is there from the start, and gets a gradient."""
    expect_learning(vit.MyMSA(8, 2), draw(2, 5, 8), call="MyMSA(8, 2)(x)")
