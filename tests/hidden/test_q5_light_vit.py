"""q5, hidden: other sizes, how tokens are made, what the classifier reads, device and dtype."""

import math

import torch

from checks import CLOSE, builds_on, expect, expect_shape, expect_tensor, law, reported, weight
from checks.beside.measure import (
    parameters,
    random_numbers_after,
    set_parameters,
    twins_apart,
)
from checks.beside.moving import on_meta_device
from checks.beside.probes import standardised
from checks.beside.stand_ins.get_positional_embeddings import get_positional_embeddings
from checks.beside.stand_ins.patchify import patchify
from checks.judging.encoder import apart_from_affine, randomise
from checks.judging.learning import expect_learning
from checks.judging.model import blocks_seen, expect_in_dtype, expect_learned_ends
from checks.words.compare import error
from checks.words.nearness import noted
from hidden.oracles import patches, positions

# A size that every model is written for, as images.shape says it: others have tests of their own.
DIGITS = (1, 28, 28)
A_BATCH, BLOCKS = "test_a_batch_of_digits", "test_the_blocks_follow_each_other"
CLASS_TOKEN = "test_the_class_token_stands_in_front"
TOKENS = "test_tokens_are_patches_mapped_linearly_plus_positions"
POSITIONS = "test_positions_are_added"
SMALLER, FOLLOWS = "test_smaller_images_in_fewer_patches", "test_the_table_follows_the_model"
ALONE = "test_images_of_a_batch_do_not_mix"
EARLIER = ("patchify", "get_positional_embeddings", "MyViTBlock")


def cuts(images, n_patches):
    """Return the numbers that tokens may be made of: the stand-in's, or a model's own right ones."""
    return [cut(images, n_patches).flatten(0, 1) for cut in (patchify, patches)]


def tables(sequence_length, d):
    return [table(sequence_length, d) for table in (get_positional_embeddings, positions)]


def expect_built(seen, d, n_heads, call):
    for built in filter(None, seen.built_with):
        expect(
            built == {"hidden_d": d, "n_heads": n_heads, "mlp_ratio": 4},
            call=f"{call}, looking at how it builds its blocks",
            expected=f"MyViTBlock({d}, {n_heads})",
            got=f"MyViTBlock with {built}",
        )


@weight(1)
@reported
@builds_on(A_BATCH)
def test_images_of_a_batch_do_not_mix(vit, stand_in, draw):
    """An image's logits are the same alone and in a batch, and at every call."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((3, *DIGITS)), draw(3, *DIGITS)
    model.eval()
    together = model(images)
    expect_shape(together, (3, 10), call="LightViT(...)(images)")
    expect_tensor(model(images[1:2]), together[1:2], call="LightViT(...)(images[1:2])", tol=CLOSE)
    expect(
        not torch.equal(
            random_numbers_after(vit, 1, "LightViT", [(1, *DIGITS)]),
            random_numbers_after(vit, 2, "LightViT", [(1, *DIGITS)]),
        ),
        call="torch.rand(4) after torch.manual_seed(...) and LightViT(...), for two seeds",
        expected="different numbers",
        got="the same",
        why="Do not call torch.manual_seed inside a model: every model would start alike.",
    )


@weight(2)
@law
@builds_on(A_BATCH, BLOCKS, ALONE, SMALLER)
def test_other_sizes(vit, stand_in, draw):
    """Colour, other sizes than squares, other batch sizes and numbers of classes work."""
    stand_in(*EARLIER)
    model = vit.LightViT((4, 3, 6, 10), n_patches=2, n_blocks=1, d=12, n_heads=4, num_classes=3)
    for batch in (1, 2, 5):
        expect_shape(
            model(draw(batch, 3, 6, 10)),
            (batch, 3),
            call=f"LightViT((4, 3, 6, 10), n_patches=2, num_classes=3)(images), {batch} images",
        )
    seen = blocks_seen(model, draw(2, 3, 6, 10), n_tokens=5, d=12)
    expect_built(seen, d=12, n_heads=4, call="LightViT(..., d=12, n_heads=4)")


@weight(3)
@builds_on(A_BATCH, BLOCKS, CLASS_TOKEN, POSITIONS)
def test_tokens_are_patches_mapped_linearly_plus_positions(vit, stand_in, draw):
    """Each patch token is one linear map of its patch, plus the position's row of the table."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((6, *DIGITS), n_blocks=1), draw(6, *DIGITS)
    tokens = blocks_seen(model, images, n_tokens=50, d=8).inputs[0]

    def apart(rows):
        return min(
            apart_from_affine(inputs, (tokens[:, 1:] - table[rows]).flatten(0, 1))
            for inputs in cuts(images, 7)
            for table in tables(50, 8)
        )

    shifted = apart(slice(0, 49)) <= 1
    expect(
        noted(apart(slice(1, 50))) <= 1,
        call="LightViT(images.shape)(images), looking at its tokens",
        expected="linear_map(patch) + table[position], the same map for every patch",
        got="other tokens",
        why="The table is added before the class token is in front: it has a row for that too."
        if shifted
        else "",
    )


@weight(2)
@builds_on(A_BATCH, BLOCKS, CLASS_TOKEN, TOKENS)
def test_the_class_token_is_learned_and_has_position_0(vit, stand_in, draw):
    """Token 0 is a learned vector plus row 0 of the table."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((2, *DIGITS), n_blocks=1), draw(2, *DIGITS)

    def learned():
        token = blocks_seen(model, images, n_tokens=50, d=8).inputs[0][0, 0]
        return [token - table[0] for table in tables(1, 8)]

    blocks_seen(model, images, n_tokens=50, d=8)
    values = {
        name: draw(8).reshape(old.shape)
        for name, old in parameters(model).items()
        if old.numel() == 8
    }
    set_parameters(model, values)  # and nothing else: that a table is trained is paid for elsewhere
    tokens = learned()
    apart = [error(value.flatten(), token) for value in values.values() for token in tokens]
    if min(apart, default=math.inf) > 1:  # made of several, it goes where they go
        trained = {name: old for name, old in parameters(model).items() if old.numel() == 50 * 8}
        values = {**randomise(model, draw, images), **trained}
        set_parameters(model, trained)
        tokens = learned()
        nothing = {name: 1e-8 * value for name, value in values.items() if name not in trained}
        set_parameters(model, nothing)
        apart = [
            error(gone, torch.zeros(8)) if bool(token.abs().min() > 1e-4) else math.inf
            for token, gone in zip(tokens, learned())
        ]
    expect(
        noted(min(apart, default=math.inf)) <= 1,
        call="LightViT(images.shape)(images), looking at token 0",
        expected="a learned class token (an nn.Parameter of d numbers) plus row 0 of the table",
        got="something else",
    )


@weight(2)
@builds_on(A_BATCH, BLOCKS, CLASS_TOKEN, TOKENS)
def test_the_table_is_not_trained(vit, stand_in, draw):
    """The positions are fixed: no trainable parameter holds them."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((1, *DIGITS), n_blocks=1), torch.zeros(1, *DIGITS)
    seen = []
    for _ in range(2):
        randomise(model, draw, images)
        seen.append(blocks_seen(model, images, n_tokens=50, d=8).inputs[0][0, 1:])
    moved = seen[1] - seen[0]
    expect_tensor(
        moved,
        moved[:1].expand_as(moved),
        call="the tokens of a black image, by what they move if every trainable parameter is changed",
        tol={"rtol": 1e-3, "atol": 1e-4},
    )


@weight(1)
@builds_on(A_BATCH, BLOCKS)
def test_the_classifier_is_linear(vit, stand_in, draw):
    """The logits are one linear map of the class token, after a LayerNorm at most."""
    stand_in(*EARLIER)
    model = vit.LightViT((40, *DIGITS), n_blocks=1)
    images, token = draw(40, *DIGITS), 3 * draw(40, 8)
    answers = token[:, None].repeat(1, 50, 1)  # which of them is classified is asked elsewhere
    logits = blocks_seen(model, images, 50, 8, answers=answers).result
    expect_shape(logits, (40, 10), call="LightViT(...)(images)")
    for logarithms in (logits.log(), logits):  # of a softmax, which is paid for elsewhere
        if bool((logarithms.exp().sum(1) - 1).abs().max() < 1e-3):
            logits = logarithms - logarithms[:, :1]
    allowed = (token, standardised(token), standardised(token, unbiased=True))
    expect(
        noted(min(apart_from_affine(inputs, logits) for inputs in allowed)) <= 1,
        call="LightViT(...)(images), looking at how the logits follow from token 0",
        expected="a linear map of token 0 (or of its LayerNorm), and nothing after it",
        got="something else",
        why="No logit is below 0 and some are 0: this is the result of a ReLU."
        if bool((logits >= 0).all()) and bool((logits == 0).any() and (logits > 0).any())
        else "",
    )


@weight(1)
@reported
@builds_on(A_BATCH, BLOCKS, ALONE, FOLLOWS)
def test_it_follows_to_another_device_and_dtype(vit, stand_in, draw):
    """model.to(device) and model.to(torch.float64) take everything along, the table too."""
    stand_in(*EARLIER)
    images = draw(2, *DIGITS)
    expect_in_dtype(vit.LightViT((2, *DIGITS)), images, "float64")
    device = on_meta_device(vit.LightViT((2, *DIGITS)), images)
    expect(
        device == "meta",
        call="LightViT(...).to(device)(images.to(device)).device",
        expected="that device",
        got=device,
    )


@weight(2)
@reported
@builds_on(A_BATCH, BLOCKS)
def test_everything_used_is_trained(vit, stand_in, draw):
    """What the model learns is there from the start, and all of it is trained."""
    stand_in(*EARLIER)
    images = draw(4, *DIGITS)
    expect_learning(vit.LightViT((4, *DIGITS)), images, call="LightViT(...)(images)")
    expect_learned_ends(vit.LightViT((4, *DIGITS)), images, (50, 8, 10), draw)


@weight(1)
@reported
@builds_on(A_BATCH, BLOCKS)
def test_the_defaults(vit, stand_in, draw):
    """Without saying, it has 7 patches a side, 2 blocks, 8 features, 2 heads and 10 classes."""
    stand_in(*EARLIER)
    seen = blocks_seen(vit.LightViT((2, *DIGITS)), draw(2, *DIGITS), 50, 8)
    expect_built(seen, d=8, n_heads=2, call="LightViT(image_dim)")
    said = {"n_patches": 7, "n_blocks": 2, "d": 8, "n_heads": 2, "num_classes": 10}
    apart = twins_apart(
        vit, "LightViT", ([(2, *DIGITS)], {}), ([(2, *DIGITS)], said), draw(2, *DIGITS)
    )
    expect(
        apart <= 1e-3,
        call="LightViT(image_dim), compared with n_patches=7, n_blocks=2, d=8, n_heads=2, "
        "num_classes=10 and the same numbers",
        expected="the same logits",
        got="another number of parameters" if math.isinf(apart) else "other ones",
    )
