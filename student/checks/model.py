"""Look at the tokens that flow through a LightViT's blocks."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from checks.compare import expect
from checks.probes import places_seen


def blocks_seen(
    model: Any, images: Tensor, n_tokens: int, answers: Tensor | None = None
) -> dict[str, Any]:
    """Run the model and return what its encoder blocks were given and returned.

    The blocks are the parts that are given (B, n_tokens, ...) tokens. Fails where there are none, or
    where they are given another number of tokens.
    """
    other: list[tuple[int, ...]] = []
    for _, seen in places_seen(model, images, "MyViTBlock", answers):
        shapes = [tuple(tokens.shape) for tokens in seen["inputs"]]
        if shapes and all(len(s) == 3 and s[:2] == (len(images), n_tokens) for s in shapes):
            return seen
        other += [shape for shape in shapes if len(shape) == 3]
    expect(
        False,
        call="LightViT(...)(images), looking at what its blocks are given",
        expected=f"tokens of shape ({len(images)}, {n_tokens}, d): the class token and all patches",
        got=f"tokens of shape {other[0]}" if other else "no block that could be seen",
        why="" if other else "Blocks in a plain Python list are not registered: use nn.ModuleList.",
    )
    raise AssertionError("unreachable")
