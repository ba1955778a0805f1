"""q5, hidden: other sizes, how tokens are made, what the classifier reads, device and dtype."""

import math

import torch

from checks import CLOSE, expect, expect_shape, expect_tensor, reported, weight
from checks.beside.measure import (
    in_dtype,
    random_numbers_after,
    set_parameters,
    twins_apart,
    used_but_not_trained,
)
from checks.beside.moving import on_meta_device
from checks.beside.probes import standardised
from checks.judging.encoder import apart_from_affine, randomise
from checks.judging.model import blocks_seen
from checks.words.compare import error
from checks.words.nearness import noted
from hidden.oracles import patches, positions

DIGITS = (
    1,
    1,
    28,
    28,
)  # a size that every model is written for: other ones have a test of their own
EARLIER = ("patchify", "get_positional_embeddings", "MyViTBlock")


@weight(1)
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
    for built in filter(None, seen["built_with"]):
        expect(
            built == {"hidden_d": 12, "n_heads": 4, "mlp_ratio": 4},
            call="LightViT(..., d=12, n_heads=4), looking at how it builds its blocks",
            expected="MyViTBlock(12, 4)",
            got=f"MyViTBlock({built['hidden_d']}, {built['n_heads']}, {built['mlp_ratio']})",
        )


@weight(2)
def test_tokens_are_patches_mapped_linearly_plus_positions(vit, stand_in, draw):
    """Each patch token is one linear map of its patch, plus the position's row of the table."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS, n_blocks=1)
    images = draw(6, *DIGITS[1:])
    tokens = blocks_seen(model, images, n_tokens=50, d=8)["inputs"][0]
    inputs, table = patches(images, 7).flatten(0, 1), positions(50, 8)
    shifted = apart_from_affine(inputs, (tokens[:, 1:] - table[:-1]).flatten(0, 1)) <= 1
    expect(
        noted(apart_from_affine(inputs, (tokens[:, 1:] - table[1:]).flatten(0, 1))) <= 1,
        call="LightViT((1, 1, 28, 28))(images), looking at its tokens",
        expected="linear_map(patch) + table[position], the same map for every patch",
        got="other tokens",
        why="The table is added before the class token is in front: it has a row for that too."
        if shifted
        else "",
    )


@weight(1)
def test_the_class_token_is_learned_and_has_position_0(vit, stand_in, draw):
    """Token 0 is a learned vector plus row 0 of the table."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS, n_blocks=1)
    images = draw(2, *DIGITS[1:])

    def learned():
        token = blocks_seen(model, images, n_tokens=50, d=8)["inputs"][0][0, 0]
        return token - positions(1, 8)[0]

    values = randomise(model, draw, images)
    token = learned()
    apart = [error(value.flatten(), token) for value in values.values() if value.numel() == 8]
    if min(apart, default=math.inf) > 1:  # made of several, it goes where they go
        set_parameters(model, {name: 1e-8 * value for name, value in values.items()})
        apart = [error(learned(), torch.zeros(8)) if bool(token.abs().min() > 1e-4) else math.inf]
    expect(
        noted(min(apart, default=math.inf)) <= 1,
        call="LightViT((1, 1, 28, 28))(images), looking at token 0",
        expected="a learned class token (an nn.Parameter of d numbers) plus row 0 of the table",
        got="something else",
    )


@weight(1)
def test_the_table_is_not_trained(vit, stand_in, draw):
    """The positions are fixed: no trainable parameter holds them."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS, n_blocks=1)
    images = torch.zeros(1, *DIGITS[1:])
    randomise(model, draw, images)
    tokens = blocks_seen(model, images, n_tokens=50, d=8)["inputs"][0][0, 1:]
    rest = tokens - positions(50, 8)[1:]
    expect_tensor(
        rest,
        rest[:1].expand_as(rest),
        call="the tokens of a black image after every trainable parameter was changed, minus the table",
        tol={"rtol": 1e-3, "atol": 1e-4},
    )


@weight(1)
def test_the_class_token_alone_is_classified(vit, stand_in, draw):
    """The logits depend on the last block's token 0 and on no other."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS)
    images, one, other = draw(3, *DIGITS[1:]), draw(3, 50, 8), draw(3, 50, 8)
    randomise(model, draw, images)  # a classifier may well start at zero
    other[:, 0] = one[:, 0]
    call = "LightViT(...)(images), for two results of the last block with the same token 0"

    def logits_of(tokens):
        return blocks_seen(model, images, 50, 8, answers=tokens)["result"]

    first = logits_of(one)
    expect_shape(first, (3, 10), call="LightViT((1, 1, 28, 28))(images)")

    def why():
        last = torch.cat([other[:, :-1], one[:, -1:]], dim=1)
        means = other + (one - other).mean(1, keepdim=True)
        if torch.allclose(logits_of(last), first, rtol=1e-3, atol=1e-4):
            return "The last token is classified: the class token is x[:, 0]."
        if torch.allclose(logits_of(means), first, rtol=1e-3, atol=1e-4):
            return "It is the mean of all tokens that is classified: the class token is x[:, 0]."
        return "Other tokens than the class token are classified, too: the class token is x[:, 0]."

    expect_tensor(logits_of(other), first, call=call, why=why)
    other[:, 0] = draw(3, 8)
    expect(
        not torch.allclose(logits_of(other), first),
        call="LightViT(...)(images), for two results of the last block with another token 0",
        expected="other logits",
        got="the same",
    )


@weight(1)
def test_the_classifier_is_linear(vit, stand_in, draw):
    """The logits are one linear map of the class token, after a LayerNorm at most."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS, n_blocks=1)
    model.eval()
    images, answers = draw(40, *DIGITS[1:]), 3 * draw(40, 50, 8)
    logits = blocks_seen(model, images, 50, 8, answers=answers)["result"]
    expect_shape(logits, (40, 10), call="LightViT(...)(images)")
    token = answers[:, 0]
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
def test_it_follows_to_another_device_and_dtype(vit, stand_in, draw):
    """model.to(device) and model.to(dtype) take everything along, the table too."""
    stand_in(*EARLIER)
    images = draw(2, *DIGITS[1:])
    for dtype in ("float64", "bfloat16"):
        call = f"LightViT(...).to(torch.{dtype})(images.to(torch.{dtype}))"
        result = in_dtype(vit.LightViT(DIGITS), images, dtype)
        expect_shape(result, (2, 10), call=call)
        expect(
            str(result.dtype) == f"torch.{dtype}",
            call=f"{call}.dtype",
            expected=f"torch.{dtype}",
            got=str(result.dtype),
            why="Something stays in float32, and sums with it become float32: is it the table?",
        )
    device = on_meta_device(vit.LightViT(DIGITS), images)
    expect(
        device == "meta",
        call="LightViT(...).to(device)(images.to(device)).device",
        expected="that device",
        got=device,
    )


@weight(1)
@reported
def test_everything_used_is_trained(vit, stand_in, draw):
    """Every parameter that matters gets a gradient."""
    stand_in(*EARLIER)
    model = vit.LightViT(DIGITS)
    untrained = used_but_not_trained(model, draw(4, *DIGITS[1:]))
    expect(
        not untrained,
        call="the gradients of LightViT(...)(images)",
        expected="one for each parameter that changes the logits",
        got=f"none for {', '.join(untrained)}",
    )


@weight(1)
@reported
def test_images_of_a_batch_do_not_mix(vit, stand_in, draw):
    """An image's logits are the same alone and in a batch, and at every call."""
    stand_in(*EARLIER)
    model, images = vit.LightViT(DIGITS), draw(3, *DIGITS[1:])
    model.eval()
    together = model(images)
    expect_shape(together, (3, 10), call="LightViT(...)(images)")
    expect_tensor(model(images[1:2]), together[1:2], call="LightViT(...)(images[1:2])", tol=CLOSE)
    expect(
        not torch.equal(
            random_numbers_after(vit, 1, "LightViT", [DIGITS]),
            random_numbers_after(vit, 2, "LightViT", [DIGITS]),
        ),
        call="torch.rand(4) after torch.manual_seed(...) and LightViT(...), for two seeds",
        expected="different numbers",
        got="the same",
        why="Do not call torch.manual_seed inside a model: every model would start alike.",
    )


@weight(1)
@reported
def test_the_defaults(vit, stand_in, draw):
    """Without saying, it has 7 patches a side, 2 blocks, 8 features, 2 heads and 10 classes."""
    stand_in(*EARLIER)
    said = {"n_patches": 7, "n_blocks": 2, "d": 8, "n_heads": 2, "num_classes": 10}
    apart = twins_apart(vit, "LightViT", ([DIGITS], {}), ([DIGITS], said), draw(2, *DIGITS[1:]))
    expect(
        apart <= 1e-3,
        call="LightViT(image_dim), compared with n_patches=7, n_blocks=2, d=8, n_heads=2, "
        "num_classes=10 and the same numbers",
        expected="the same logits",
        got="another number of parameters" if math.isinf(apart) else "other ones",
    )
