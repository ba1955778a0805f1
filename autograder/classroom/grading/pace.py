"""Tell how fast a class is graded, and how long the rest of it will take."""

from __future__ import annotations

SHORT = 60.0  # seconds
LONG = 90  # minutes


def pace(graded: int, came: int, left: int, seconds: float) -> str:
    """Return in plain words how far a class is.

    graded   how many submissions were graded now
    came     how many students' rows came of that: some have handed in the same
    left     how many rows are still to come
    seconds  what all of this has taken so far
    """
    if not graded or seconds <= 0:
        return "grading"
    said = f"{graded} graded, {_number(60 * graded / seconds)} a minute"
    return f"{said}, {time_left(left * seconds / came)}" if left else said


def time_left(seconds: float) -> str:
    """Return a time to come as somebody would say it who does not know it exactly."""
    minutes = round(seconds / 60)
    if seconds < SHORT:
        return "less than a minute left"
    if minutes <= LONG:
        return f"about {minutes} minute{'s' if minutes > 1 else ''} left"
    return f"about {round(seconds / 1800) / 2:g} hours left"


def _number(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}".removesuffix(".0")
