"""The words that tests are written in: `from checks import EXACT, expect_tensor, weight`.

Each is looked up when it is first asked for, since most of them need torch, which takes a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.words.compare import CLOSE, EXACT, expect, expect_error, expect_shape, expect_tensor
    from checks.words.marks import (
        builds_on,
        evidence,
        law,
        partial_credit,
        reported,
        stands_on,
        trains,
        weight,
    )
    from checks.words.shrink import for_sizes

__all__ = [
    "CLOSE",
    "EXACT",
    "builds_on",
    "evidence",
    "expect",
    "expect_error",
    "expect_shape",
    "expect_tensor",
    "for_sizes",
    "law",
    "partial_credit",
    "reported",
    "stands_on",
    "trains",
    "weight",
]
HOMES = ("compare", "marks", "shrink")  # in words/


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in HOMES:
            module = importlib.import_module(f"checks.words.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'checks' has no attribute {name!r}")
