"""q4, hidden: where the sums and norms stand, the MLP, side effects."""

import torch

from checks import builds_on, expect, expect_tensor, law, reported, weight
from checks.beside.measure import input_after, moved_by
from checks.beside.probes import watch
from checks.judging.block_slips import why_wrong
from checks.judging.encoder import (
    LOOSE,
    input_of,
    is_learned,
    normalised_as,
    place_of,
    randomise,
    result_of,
)
from checks.judging.learning import expect_learning
from checks.judging.mlp import expect_mlp

FIRST_HALF = (
    "test_the_shape_is_kept",
    "test_with_tiny_weights_the_input_comes_back",
    "test_attention_reads_normalised_tokens",
)
BOTH_HALVES = (*FIRST_HALF, "test_the_second_half_reads_the_sum")


@weight(3)
@law
@builds_on(*FIRST_HALF)
def test_the_second_half_reads_the_sum(vit, stand_in, draw):
    """After the attention, only the sum x + msa(norm1(x)) counts."""
    stand_in("MyMSA")
    block = vit.MyViTBlock(8, 2)
    z, x = 2 * draw(2, 5, 8), draw(2, 5, 8)
    randomise(block, draw, x)
    place = place_of(block, z)
    call = "MyViTBlock(8, 2)(x), for two x with the same sum x + msa(norm1(x))"
    expect_tensor(
        result_of(block, x, place, z - x, call),
        result_of(block, z, place, torch.zeros_like(z), call),
        call=call,
        tol=LOOSE,
        why=lambda: why_wrong(block, draw, 8),
    )


@weight(3)
@builds_on(*BOTH_HALVES)
def test_the_mlp(vit, stand_in, draw):
    """Then comes x + mlp(norm2(x)): Linear, GELU, Linear, four times as wide in the middle."""
    stand_in("MyMSA")
    block = vit.MyViTBlock(6, 2)
    expect_mlp(
        block,
        randomise(block, draw, draw(1, 4, 6)),
        draw,
        d=6,
        ratio=4,
        call="MyViTBlock(6, 2)(x)",
        why=lambda: why_wrong(block, draw, 6),
    )


@weight(1)
@builds_on(*BOTH_HALVES, "test_the_mlp")
def test_every_argument_is_used(vit, stand_in, draw):
    """n_heads goes to the attention, and mlp_ratio=3 makes the MLP three times as wide."""
    stand_in("MyMSA")
    block, x = vit.MyViTBlock(12, 4, mlp_ratio=3), draw(2, 4, 12)
    values = randomise(block, draw, x)
    for built in filter(None, watch(block, x, place_of(block, x)).built_with):
        expect(
            built == {"d": 12, "n_heads": 4},
            call="MyViTBlock(12, 4), looking at how it builds its attention",
            expected="MyMSA(12, 4)",
            got=f"MyMSA({built.get('d')}, {built.get('n_heads')})",
        )
    call = "MyViTBlock(12, 4, mlp_ratio=3)(x)"
    expect_mlp(block, values, draw, d=12, ratio=3, call=call, any_known=True)


@weight(1)
@reported
@builds_on(*FIRST_HALF)
def test_what_it_learns_is_its_own(vit, stand_in, draw):
    """What a block learns is its own: a gain for each feature, all of it trained, none of it shared."""
    stand_in("MyMSA")
    block, x = vit.MyViTBlock(8, 2), 2 * draw(3, 7, 8)
    randomise(block, draw, x)
    place = place_of(block, x)
    gain = normalised_as(input_of(block, x, place, call="MyViTBlock(8, 2)(x)"), x).gain
    expect(
        is_learned(gain),
        call="MyViTBlock(8, 2)(x), with random weights, looking at norm1(x)",
        expected="a learned gain for each feature",
        got="the same gain for all",
    )
    expect_learning(vit.MyViTBlock(8, 2), x, call="MyViTBlock(8, 2)(x)")
    by_own, by_another = moved_by(vit, "MyViTBlock", [8, 2], draw(2, 5, 8))
    expect(
        by_own and not by_another,
        call="a block's result, after the parameters of another block were changed",
        expected="the same as before",
        got="another one" if by_another else "one that no parameter changes",
        why="They share a layer: each block makes its own in __init__." if by_another else "",
    )


@weight(1)
@reported
@builds_on(*FIRST_HALF[:1])
def test_the_input_is_left_alone(vit, stand_in, draw):
    """The block does not change the tensor it is given."""
    stand_in("MyMSA")
    block, x = vit.MyViTBlock(8, 2), draw(2, 5, 8)
    expect(
        torch.equal(input_after(block, x), x),
        call="x after MyViTBlock(8, 2)(x)",
        expected="the same as before",
        got="changed",
        why="x += ... writes into the caller's tensor: x = x + ...",
    )
