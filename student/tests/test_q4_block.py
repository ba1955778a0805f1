"""q4, visible: shapes, the skip connections, and what the attention is given."""

import torch

from checks import CLOSE, builds_on, evidence, expect, expect_shape, expect_tensor, law, weight
from checks.beside.measure import parameters, set_parameters, settle
from checks.judging.block_slips import why_wrong
from checks.judging.encoder import NAMED, input_of, normalised_as, place_of, randomise
from checks.judging.evidence import expect_mixing
from checks.words.nearness import noted


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


@weight(2)
@law
@builds_on("test_the_shape_is_kept")
def test_with_tiny_weights_the_input_comes_back(vit, stand_in, draw):
    """With every weight next to zero, only the two skip connections are left."""
    stand_in("MyMSA")  # a slip in q3 is paid for in q3, not here
    block = vit.MyViTBlock(hidden_d=8, n_heads=2)
    x = draw(2, 5, 8)
    settle(block, x)  # lazily built layers come into being
    tiny = {name: 1e-8 * draw(*w.shape) for name, w in parameters(block).items()}
    set_parameters(block, tiny)  # not 0: a weight norm would divide by it
    settle(block, x)

    expect_tensor(
        block(x.clone()),
        x,
        call="MyViTBlock(8, 2)(x), every weight next to 0",
        tol=CLOSE,
        dtype=False,
        why=lambda: why_wrong(block, draw, 8),
    )


@weight(3)
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


@weight(1)
@evidence
@builds_on("test_the_shape_is_kept", "test_attention_reads_normalised_tokens")
def test_tokens_mix(vit, stand_in, draw):
    """A token's result follows the other tokens, by learned weights."""
    stand_in("MyMSA")
    expect_mixing(vit.MyViTBlock(8, 2), draw(3, 5, 8), draw, call="MyViTBlock(8, 2)(x)")
