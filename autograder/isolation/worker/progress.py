"""Tell whoever waits how far a long measurement is."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[int, int, str], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Send every report to this function from now on."""
    _listeners[:] = [listener]


def report_progress(done: int, total: int, what: str) -> None:
    """Report that `done` of `total` parts are finished."""
    for listener in _listeners:
        listener(done, total, what)
