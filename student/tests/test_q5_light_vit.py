"""q5, visible: shapes, raw logits, and the tokens that flow through the blocks."""

import torch

from checks import builds_on, evidence, expect, expect_shape, law, weight
from checks.beside.measure import unregistered
from checks.judging.encoder import randomise
from checks.judging.evidence import expect_tokens
from checks.judging.model import blocks_seen

A_BATCH = "test_a_batch_of_digits"
DIGITS = (1, 28, 28)


@weight(1)
@law
def test_a_batch_of_digits(vit, stand_in, draw):
    """Three digits give three rows of ten logits, whatever B stands in image_dim."""
    stand_in("patchify", "get_positional_embeddings", "MyViTBlock")
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


@weight(1)
@law
@builds_on(A_BATCH)
def test_the_logits_are_raw(vit, stand_in, draw):
    """The logits are raw: no softmax at the end."""
    stand_in("patchify", "get_positional_embeddings", "MyViTBlock")
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


@weight(2)
@builds_on(A_BATCH)
def test_the_blocks_follow_each_other(vit, stand_in, draw):
    """Three different blocks run one after the other."""
    stand_in("patchify", "get_positional_embeddings", "MyViTBlock")
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
            "n_blocks is not used: there are as many for n_blocks=4."
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
@builds_on(A_BATCH, "test_the_blocks_follow_each_other")
def test_the_class_token_stands_in_front(vit, stand_in, draw):
    """Token 0 is the class token: the same for every image, before the patch tokens."""
    stand_in("patchify", "get_positional_embeddings", "MyViTBlock")
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
@builds_on(A_BATCH, "test_the_blocks_follow_each_other")
def test_the_blocks_are_given_tokens(vit, stand_in, draw):
    """The blocks are given tokens that are made of the images."""
    stand_in("patchify", "get_positional_embeddings", "MyViTBlock")
    images = draw(2, *DIGITS)
    images[1] = images[0]
    images[1, 0, 10, 10] += 5
    models = [vit.LightViT((2, *DIGITS)) for _ in range(2)]
    expect_tokens(models, images, draw, call="LightViT(images.shape)(images)")
