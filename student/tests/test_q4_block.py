"""q4, visible: shapes, the skip connections, what the attention is given, and the MLP."""

import torch

from checks import (
    CLOSE,
    builds_on,
    evidence,
    expect,
    expect_shape,
    expect_tensor,
    law,
    reported,
    weight,
)
from checks.beside.measure import input_after, parameters, set_parameters, settle
from checks.beside.probes import watch
from checks.judging.block_slips import why_wrong
from checks.judging.encoder import NAMED, input_of, normalised_as, place_of, randomise
from checks.judging.evidence import expect_mixing
from checks.judging.mlp import expect_mlp
from checks.words.compare import matches
from checks.words.nearness import noted

NORMED = (
    "Norms give almost 0 here, too. Is a norm taken of a sum, or is something added to norm(x) "
    "instead of x?"
)
FIRST_HALF = (
    "test_the_shape_is_kept",
    "test_with_tiny_weights_the_input_comes_back",
    "test_attention_reads_normalised_tokens",
)


@weight(1)
@law
def test_the_shape_is_kept(vit, stand_in, draw):
    """A block gives back tokens of the same shape."""
    stand_in("MyMSA")
    expect_shape(
        vit.MyViTBlock(8, 2)(draw(3, 5, 8)),
        (3, 5, 8),
        call="MyViTBlock(hidden_d=8, n_heads=2)(x), with x of shape (3, 5, 8)",
    )


@weight(3)
@law
@builds_on("test_the_shape_is_kept")
def test_with_tiny_weights_the_input_comes_back(vit, stand_in, draw):
    """With every weight almost zero, only the two skip connections are left."""
    stand_in("MyMSA")  # a slip in q3 is paid for in q3, not here
    block = vit.MyViTBlock(hidden_d=8, n_heads=2)
    x = draw(2, 5, 8)
    settle(block, x)  # lazily built layers come into being
    tiny = {name: 1e-8 * draw(*w.shape) for name, w in parameters(block).items()}
    set_parameters(block, tiny)  # not 0: a weight norm would divide by it
    settle(block, x)

    result = block(x.clone())

    expect_tensor(
        result,
        x,
        call="MyViTBlock(8, 2)(x), every weight almost 0: x itself should come back",
        tol=CLOSE,
        dtype=False,
        why=lambda: why_wrong(block, draw, 8) or (NORMED if matches(result, 0 * x) else ""),
    )


@weight(4)
@builds_on("test_the_shape_is_kept")
def test_attention_reads_normalised_tokens(vit, stand_in, draw):
    """The attention is given norm1(x), not x."""
    stand_in("MyMSA")
    block, x = vit.MyViTBlock(8, 2), 2 * draw(3, 7, 8)
    randomise(block, draw, x)
    place = place_of(block, x)
    given = input_of(block, x, place, call="MyViTBlock(8, 2)(x)")

    norm = normalised_as(given, x)
    expect(
        noted(norm.apart) <= 1,
        call="MyViTBlock(8, 2)(x), looking at what its attention is given",
        expected="norm1(x): every token with mean 0 and variance 1, times a gain, plus a bias",
        got="x itself" if torch.equal(given, x) else "something else",
        why=lambda: f"{NAMED} {norm.mistake}" if norm.mistake else why_wrong(block, draw, 8),
    )


@weight(2)
@evidence
@builds_on("test_the_shape_is_kept", "test_attention_reads_normalised_tokens")
def test_tokens_mix(vit, stand_in, draw):
    """A token's result follows the other tokens, by learned weights."""
    stand_in("MyMSA")
    expect_mixing(vit.MyViTBlock(8, 2), draw(3, 5, 8), draw, call="MyViTBlock(8, 2)(x)")


@weight(3)
@builds_on(*FIRST_HALF)
def test_the_mlp(vit, stand_in, draw):
    """After the attention comes z + mlp(norm2(z)), with z the sum: Linear, GELU, Linear."""
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
@builds_on(*FIRST_HALF, "test_the_mlp")
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
