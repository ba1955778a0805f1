"""Look at the tokens that flow through a LightViT's blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from checks.beside.measure import complete, in_dtype, plain_tensors
from checks.beside.probes import Built, places_seen
from checks.judging.encoder import randomise
from checks.judging.maps import parallel
from checks.words.compare import expect, expect_shape, fail
from checks.words.draw import Draw


@dataclass(frozen=True)
class Blocks:
    """What flowed through a model's blocks: as checks.beside.probes.Seen, with tokens of one shape."""

    inputs: list[Tensor]
    outputs: list[Tensor | None]
    parts: list[int]
    built_with: list[Built | None]
    result: object


def blocks_seen(
    model: Any, images: Tensor, n_tokens: int, d: int, answers: Tensor | None = None
) -> Blocks:
    """Run the model, in evaluation mode, and return what its blocks were given and returned.

    The blocks are the parts that are given (B, n_tokens, d) tokens. Fails where there are none, or
    where they are given other tokens.
    """
    call = "LightViT(...)(images), looking at what its blocks are given"
    right = (len(images), n_tokens, d)
    model.eval()
    complete(model, images)
    other: list[tuple[int, ...]] = []
    for _, seen in places_seen(model, images, "MyViTBlock", answers):
        inputs = [tokens for tokens in seen.inputs if tokens is not None]
        shapes = [tuple(tokens.shape) for tokens in inputs]
        if shapes and len(shapes) == len(seen.inputs) and set(shapes) == {right}:
            return Blocks(inputs, seen.outputs, seen.parts, seen.built_with, seen.result)
        other += shapes
    fail(
        call=call,
        expected=f"tokens of shape {right}: the class token and all patches, d numbers each",
        got=f"tokens of shape {other[0]}" if other else "no block that could be seen",
    )


def expect_in_dtype(model: Any, images: Tensor, dtype: str) -> None:
    """Fail unless the whole model follows to a dtype, by its name: "float64"."""
    call = f"LightViT(...).to(torch.{dtype})(images.to(torch.{dtype}))"
    try:
        result: Any = in_dtype(model, images, dtype)
    except (
        Exception
    ):  # whatever a student's code raises: it is raised again, if nothing explains it
        expect(
            not plain_tensors(model),
            call=call,
            expected=f"a model that is {dtype} throughout",
            got="an error, since a tensor of it stayed as it was",
            why="A plain attribute stays behind: self.register_buffer(name, table) takes it along.",
        )
        raise
    expect_shape(result, (len(images), 10), call=call)
    expect(
        str(result.dtype) == f"torch.{dtype}",
        call=f"{call}.dtype",
        expected=f"torch.{dtype}",
        got=str(result.dtype),
        why="Something stays in float32, and sums with it become float32: is it the table?",
    )


def expect_learned_ends(
    model: Any, images: Tensor, sizes: tuple[int, int, int], draw: Draw
) -> None:
    """Fail if the patches' map or the classifier stays as it is when every parameter changes.

    sizes   numbers of tokens, of features and of classes

    A map is seen in how the results for two inputs differ.
    """
    n_tokens, d, num_classes = sizes
    answers = draw(len(images), n_tokens, d)
    tokens: list[Tensor] = []
    logits: list[Tensor] = []
    for _ in range(2):
        randomise(model, draw, images)
        made = blocks_seen(model, images, n_tokens, d).inputs[0][:, 1:]
        tokens.append(made[0].double() - made[1].double())
        result = blocks_seen(model, images, n_tokens, d, answers).result
        expect_shape(result, (len(images), num_classes), call="LightViT(...)(images)")
        assert isinstance(result, Tensor)
        logits.append(result[0].double() - result[1].double())
    for what, (before, after) in {"patches' map": tokens, "classifier": logits}.items():
        expect(
            not parallel(before, after),
            call="LightViT(...)(images), after every trainable parameter was changed",
            expected=f"what another {what} gives",
            got=f"what the same {what} gave before: it is not learned",
        )
