"""The words that tests are written in."""

from checks.words.compare import CLOSE, EXACT, expect, expect_error, expect_shape, expect_tensor
from checks.words.marks import partial_credit, reported, trains, weight
from checks.words.shrink import for_sizes

__all__ = [
    "CLOSE",
    "EXACT",
    "expect",
    "expect_error",
    "expect_shape",
    "expect_tensor",
    "for_sizes",
    "partial_credit",
    "reported",
    "trains",
    "weight",
]
