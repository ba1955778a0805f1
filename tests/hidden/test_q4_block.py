"""q4, hidden: what the second half reads, the MLP in other sizes, what is learned."""

import torch

from checks import builds_on, expect, expect_tensor, law, reported, weight
from checks.beside.measure import moved_by
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
from checks.words.compare import varying

FIRST_HALF = (
    "test_the_shape_is_kept",
    "test_with_tiny_weights_the_input_comes_back",
    "test_attention_reads_normalised_tokens",
)
MLP = "test_the_mlp"


@weight(6)
@law
@builds_on(*FIRST_HALF, MLP)
def test_the_second_half_reads_the_sum(vit, stand_in, draw):
    """After the attention, only the sum x + msa(norm1(x)) counts."""
    stand_in("MyMSA")
    block = vit.MyViTBlock(8, 2)
    z, x = 2 * draw(2, 5, 8), draw(2, 5, 8)
    randomise(block, draw, x)
    place = place_of(block, z)
    call = "MyViTBlock(8, 2)(x), for two x with the same sum x + msa(norm1(x))"
    wanted = result_of(block, z, place, torch.zeros_like(z), call)
    expect_tensor(
        varying(result_of(block, x, place, z - x, call), wanted),
        varying(wanted, wanted),
        call=f"{call}, less their mean and in units of how they vary",
        tol=LOOSE,
        why=lambda: why_wrong(block, draw, 8),
    )


@weight(6)
@builds_on(*FIRST_HALF, MLP)
def test_the_mlp_of_other_sizes(vit, stand_in, draw):
    """With other numbers of features, x + mlp(norm2(x)) is four times as wide in the middle."""
    stand_in("MyMSA")
    for d, n_heads in ((8, 4), (5, 1)):
        block = vit.MyViTBlock(d, n_heads)
        values = randomise(block, draw, draw(1, 4, d))
        expect_mlp(block, values, draw, d=d, ratio=4, call=f"MyViTBlock({d}, {n_heads})(x)")


@weight(3)
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
