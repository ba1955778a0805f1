"""Judge whether training reaches all that a module learns."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from checks.beside.measure import made_at_first_call, used_but_not_trained
from checks.words.compare import expect


def expect_learning(module: Any, inputs: Tensor, call: str) -> None:
    """Fail unless each parameter that changes the result is there before the first call and is trained.

    module   as it was built: it must not have been called
    """
    late = made_at_first_call(module, inputs)
    expect(
        not late,
        call=f"the parameters of {call.rsplit('(', 1)[0]}, before its first call and after it",
        expected="the same: an optimizer is given them before the first call",
        got=f"more after it: {', '.join(map(str, late))}",
        why="Build every layer in __init__, with nn.ModuleList where there are several.",
    )
    untrained = used_but_not_trained(module, inputs)
    expect(
        not untrained,
        call=f"the gradients of {call}",
        expected="one for each parameter that changes the result",
        got=f"none for {', '.join(map(str, untrained))}",
    )
