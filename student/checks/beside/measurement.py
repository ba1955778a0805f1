"""Run a measurement in the process where the student's code is.

A test calls `gradients(block, x)`. In a student's own run this is a plain call. In grading `block` is
a proxy: the call travels to the worker, the function runs there beside the student's code, and its
result comes back as data. Such functions measure and never judge: what they return is compared by
the test, which runs where the student's code cannot reach.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from torch import Tensor

Measurement = TypeVar("Measurement", bound=Callable[..., Any])

MEASUREMENTS: dict[str, Callable[..., Any]] = {}
CALLS: dict[str, str] = {}  # measurement -> what it calls of the student's, for messages


@runtime_checkable
class Remote(Protocol):
    """A proxy for something of the student's in another process."""

    def measure_(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        """Run a measurement on it, there."""


def beside(function: Measurement) -> Measurement:
    """Make a function run beside its first argument, here or in the worker."""
    MEASUREMENTS[function.__name__] = function

    @functools.wraps(function)
    def run(subject: object, *args: object, **kwargs: object) -> Any:
        if isinstance(subject, Remote):
            return subject.measure_(function.__name__, args, kwargs)
        return function(subject, *map(_copied, args), **kwargs)

    return cast(Measurement, run)


def calling(call: str) -> Callable[[Measurement], Measurement]:
    """Say what a measurement calls, where neither its subject nor its name does.

    call   a format string of the subject's name and of the positional arguments
    """

    def note(measurement: Measurement) -> Measurement:
        CALLS[measurement.__name__] = call
        return measurement

    return note


def _copied(value: object) -> object:
    """Copy a tensor, as the way to a worker does: what is done to the copy stays there."""
    return value.clone() if isinstance(value, Tensor) else value
