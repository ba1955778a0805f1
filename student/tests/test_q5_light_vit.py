"""q5, visible: shapes, raw logits, the tokens that flow through the blocks, what is classified."""

import torch

from checks import (
    builds_on,
    evidence,
    expect,
    expect_shape,
    expect_tensor,
    law,
    reported,
    weight,
)
from checks.beside.measure import unregistered
from checks.judging.encoder import randomise
from checks.judging.evidence import expect_tokens
from checks.judging.model import blocks_seen, expect_in_dtype
from checks.words.compare import matches, varying

A_BATCH, BLOCKS = "test_a_batch_of_digits", "test_the_blocks_follow_each_other"
EARLIER = ("patchify", "get_positional_embeddings", "MyViTBlock")
DIGITS = (1, 28, 28)


@weight(2)
@law
def test_a_batch_of_digits(vit, stand_in, draw):
    """Three digits give three rows of ten logits, whatever B stands in image_dim."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((2, *DIGITS)), draw(3, *DIGITS)
    try:
        logits = model(images)
    except (
        Exception
    ):  # whatever a student's code raises: it is raised again, if nothing explains it
        expect_any_batch_size(model, images)
        raise
    expect_shape(
        logits,
        (3, 10),
        call="LightViT((2, 1, 28, 28))(images), with images of shape (3, 1, 28, 28)",
        slips={
            "every token is classified: take the class token, x[:, 0], first.": (3, 50, 10),
            "the tokens are returned: classify the class token, x[:, 0].": (3, 50, 8),
            "the class token is returned: its logits are still to come.": (3, 8),
            "the class is returned: return the logits, without argmax.": (3,),
            "a token's axis is taken for the batch: x[:, 0], not x[0].": (50, 10),
        },
    )


def expect_any_batch_size(model, images):
    """Fail if one image works, or two, the B of image_dim, though three do not."""
    for count, why in (
        (
            1,
            "The class token is there once: it must be there once for every image, as with expand.",
        ),
        (2, "That is the batch size of image_dim: any other must work too, so use len(images)."),
    ):
        works = True
        try:
            model(images[:count])
        except Exception:  # whatever a student's code raises
            works = False
        expect(
            not works,
            call="LightViT((2, 1, 28, 28))(images), with images of shape (3, 1, 28, 28)",
            expected="logits for all three images",
            got=f"an error, though a batch of {count} works",
            why=why,
        )


@weight(2)
@law
@builds_on(A_BATCH)
def test_the_logits_are_raw(vit, stand_in, draw):
    """The logits are raw: no softmax at the end."""
    stand_in(*EARLIER)
    logits = vit.LightViT((4, *DIGITS))(draw(4, *DIGITS))
    expect_shape(logits, (4, 10), call="LightViT(images.shape)(images)")
    sums, sums_of_exp = logits.sum(1), logits.exp().sum(1)
    why = (
        "nn.CrossEntropyLoss does the softmax itself: return the classifier's numbers as they are."
    )
    for rows, end in ((sums, "softmax"), (sums_of_exp, "log_softmax")):
        expect(
            bool((rows - 1).abs().max() > 1e-3),
            call="LightViT(images.shape)(images)",
            expected="raw logits",
            got=f"the result of a {end}",
            why=why,
        )


@weight(3)
@builds_on(A_BATCH)
def test_the_blocks_follow_each_other(vit, stand_in, draw):
    """Three different blocks run one after the other."""
    stand_in(*EARLIER)
    model = vit.LightViT((2, *DIGITS), n_blocks=3)
    call = "LightViT(images.shape, n_blocks=3)(images), looking at its blocks"
    lists = unregistered(model)
    expect(
        not lists,
        call=call,
        expected="blocks that the model knows of",
        got=f"layers in {', '.join(lists)}",
        why="Layers in a plain Python list are not registered: use nn.ModuleList.",
    )
    seen = blocks_seen(model, draw(2, *DIGITS), n_tokens=50, d=8)
    expect(
        len(seen.inputs) == 3,
        call=call,
        expected="3 calls of a block",
        got=f"{len(seen.inputs)}",
        why=lambda: (
            "There are as many for n_blocks=4: is n_blocks used, and no `return` inside the loop?"
            if len(
                blocks_seen(vit.LightViT((2, *DIGITS), n_blocks=4), draw(2, *DIGITS), 50, 8).inputs
            )
            == len(seen.inputs)
            else ""
        ),
    )
    expect(
        len(set(seen.parts)) == 3,
        call=call,
        expected="3 different blocks, each with weights of its own",
        got=f"{len(set(seen.parts))}",
        why="[block] * n repeats one block: build a new one n times.",
    )
    for before, after in zip(seen.outputs, seen.inputs[1:]):
        expect(
            before is not None and torch.equal(before, after),
            call=call,
            expected="each block is given what the block before it returned",
            got="the tokens of before the first block"
            if torch.equal(after, seen.inputs[0])
            else "something else",
            why="Keep what a block returns: x = block(x)."
            if torch.equal(after, seen.inputs[0])
            else "",
        )


@weight(2)
@builds_on(A_BATCH, BLOCKS)
def test_the_class_token_stands_in_front(vit, stand_in, draw):
    """Token 0 is the class token: the same for every image, before the patch tokens."""
    stand_in(*EARLIER)
    model, images = vit.LightViT((4, *DIGITS)), draw(4, *DIGITS)
    randomise(model, draw, images)  # whatever they start as, different images have other tokens now
    tokens = blocks_seen(model, images, n_tokens=50, d=8).inputs[0]
    differs = (tokens - tokens[:1]).abs().amax((0, 2)) > 1e-6
    call = "LightViT(images.shape)(images), looking at the tokens of 4 images"
    last = "The class token stands behind the patches: torch.cat([class_token, patches], dim=1)."
    expect(
        not differs[0],
        call=call,
        expected="a token 0 that is the same for every image",
        got="one that differs",
        why=last if not differs[-1] else "",
    )
    expect(
        bool(differs[1:].all()),
        call=call,
        expected="49 patch tokens behind it that differ from image to image",
        got=f"{int(differs[1:].sum())} such tokens",
    )


@weight(1)
@evidence
@builds_on(A_BATCH, BLOCKS)
def test_the_blocks_are_given_tokens(vit, stand_in, draw):
    """The blocks are given tokens that are made of the images."""
    stand_in(*EARLIER)
    images = draw(2, *DIGITS)
    images[1] = images[0]
    images[1, 0, 10, 10] += 5
    models = [vit.LightViT((2, *DIGITS)) for _ in range(2)]
    expect_tokens(models, images, draw, call="LightViT(images.shape)(images)")


@weight(2)
@builds_on(A_BATCH, BLOCKS)
def test_positions_are_added(vit, stand_in):
    """The positions are added: equal patches make other tokens at other places."""
    stand_in(*EARLIER)
    model, black = vit.LightViT((1, *DIGITS), n_blocks=1), torch.zeros(1, *DIGITS)
    tokens = blocks_seen(model, black, n_tokens=50, d=8).inputs[0][0, 1:]
    alike = (tokens - tokens[:1]).abs().amax(1) < 1e-6
    expect(
        int(alike.sum()) == 1,  # the first one itself
        call="LightViT(images.shape)(images), looking at the patch tokens of a black image",
        expected="49 different tokens: each has its position's row of the table added",
        got="NaN" if tokens.isnan().any() else f"{int(alike.sum())} that are the same",
        why="Add get_positional_embeddings(n_patches**2 + 1, d) to the tokens."
        if alike.all()
        else "",
    )


@weight(1)
@builds_on(A_BATCH, BLOCKS)
def test_the_class_token_alone_is_classified(vit, stand_in, draw):
    """The logits depend on the last block's token 0 and on no other."""
    stand_in(*EARLIER)
    model = vit.LightViT((3, *DIGITS))
    images, one, other = draw(3, *DIGITS), draw(3, 50, 8), draw(3, 50, 8)
    randomise(model, draw, images)  # a classifier may well start at zero
    other[:, 0] = one[:, 0]
    call = "LightViT(...)(images), for two results of the last block with the same token 0"

    def logits_of(tokens):
        return blocks_seen(model, images, 50, 8, answers=tokens).result

    first = logits_of(one)
    expect_shape(first, (3, 10), call="LightViT(images.shape)(images)")

    def why():
        last = torch.cat([other[:, :-1], one[:, -1:]], dim=1)
        means = other + (one - other).mean(1, keepdim=True)
        if torch.allclose(logits_of(last), first, rtol=1e-3, atol=1e-4):
            return "The last token is classified: the class token is x[:, 0]."
        if torch.allclose(logits_of(means), first, rtol=1e-3, atol=1e-4):
            return "It is the mean of all tokens that is classified: the class token is x[:, 0]."
        return "Other tokens than the class token are classified, too: the class token is x[:, 0]."

    second = logits_of(other)
    expect_shape(second, (3, 10), call=call)
    expect_tensor(
        varying(second, first),
        varying(first, first),
        call=f"{call}, less their mean and in units of how they vary",
        why=why,
    )
    other[:, 0] = draw(3, 8)
    expect(
        not matches(logits_of(other), first, {"rtol": 1e-5, "atol": 1e-8}),
        call="LightViT(...)(images), for two results of the last block with another token 0",
        expected="other logits",
        got="the same",
    )


@weight(1)
@law
@builds_on(A_BATCH, BLOCKS)
def test_smaller_images_in_fewer_patches(vit, stand_in, draw):
    """Images of 12x12 pixels in 2x2 patches work: no size of the digits is written as a number."""
    stand_in(*EARLIER)
    model = vit.LightViT((2, 1, 12, 12), n_patches=2, n_blocks=1)
    expect_shape(
        model(draw(2, 1, 12, 12)),
        (2, 10),
        call="LightViT((2, 1, 12, 12), n_patches=2)(images)",
    )


@weight(1)
@reported
@builds_on(A_BATCH, BLOCKS)
def test_the_table_follows_the_model(vit, stand_in, draw):
    """model.to(dtype) takes everything along, the table of positions too."""
    stand_in(*EARLIER)
    expect_in_dtype(vit.LightViT((2, *DIGITS)), draw(2, *DIGITS), "bfloat16")
