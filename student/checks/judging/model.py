"""Look at the tokens that flow through a LightViT's blocks."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from checks.beside.measure import complete
from checks.beside.probes import places_seen
from checks.words.compare import fail


def blocks_seen(
    model: Any, images: Tensor, n_tokens: int, d: int, answers: Tensor | None = None
) -> dict[str, Any]:
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
        shapes = [tuple(tokens.shape) for tokens in seen["inputs"]]
        if shapes and all(shape == right for shape in shapes):
            return seen
        other += shapes
    fail(
        call=call,
        expected=f"tokens of shape {right}: the class token and all patches, d numbers each",
        got=f"tokens of shape {other[0]}" if other else "no block that could be seen",
    )
