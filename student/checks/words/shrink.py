"""Show a failure at the smallest sizes that have it."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Sequence

from checks.telling.failures import Mismatch

MOST_SECONDS = 0.5  # a check that takes longer is not tried at other sizes: a test has a time limit


def for_sizes(check: Callable[..., None], **sizes: Sequence[int]) -> None:
    """Judge by check(...) at the last of the sizes; where that fails, show it as small as it gets.

    for_sizes(check, B=(1, 3), n=(1, 2))  judges by check(B=3, n=2); what a failure shows is
                                          check(B=1, n=1) if that fails for the same cause, ...
    """
    started = time.monotonic()
    try:
        check(**{name: values[-1] for name, values in sizes.items()})
        return
    except Mismatch as error:
        failure = error
    if time.monotonic() - started < MOST_SECONDS:
        failure = _smallest(check, sizes, failure)
    raise failure


def _smallest(
    check: Callable[..., None], sizes: dict[str, Sequence[int]], failure: Mismatch
) -> Mismatch:
    for values in sorted(itertools.product(*sizes.values()), key=math.prod):
        try:
            check(**dict(zip(sizes, values)))
        except Mismatch as smaller:
            # What is ruled out at the larger sizes may come to the same numbers at the smaller ones.
            if set(failure.causes) <= set(smaller.causes) and failure.why == smaller.why:
                return dataclasses.replace(smaller, causes=failure.causes)
        except Exception:  # another failure, of whatever kind, is not the one that is to be shown
            continue
    return failure
