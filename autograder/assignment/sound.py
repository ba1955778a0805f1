"""Find what grading.yml says that cannot work, though each value by itself is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.assignment.exercise import GUESSED
from autograder.assignment.points import total_of

EXPECTED_TOTAL = 100


@dataclass(frozen=True)
class Unsound:
    """Where it stands, what is wrong or surprising, and what to do about it."""

    place: tuple[object, ...]
    what: str
    remedy: str


def unsound(settings: Mapping[str, Any]) -> Iterator[Unsound]:
    """Yield what cannot work in the settings of a mark sheet."""
    yield from _limits(settings["limits"])
    yield from _bars(settings["training"])
    if not total_of(question["points"] for question in settings["questions"].values()):
        yield Unsound(
            ("questions",),
            "all questions together are worth 0 points",
            "give one of them `points:` above 0",
        )


def _limits(limits: Mapping[str, float]) -> Iterator[Unsound]:
    """A limit within which another one can never be reached."""
    inside = (
        ("seconds_in_all", "seconds_per_test", "a test"),
        ("seconds_in_all", "seconds_for_training", "a training"),
        ("seconds_on_the_clock", "seconds_in_all", "all tests together"),
    )
    for whole, part, of in inside:
        if limits[whole] < limits[part]:
            yield Unsound(
                ("limits", whole),
                f"`{whole}` is {limits[whole]:g}, and {of} may take {limits[part]:g} (`{part}`)",
                f"write {limits[part]:g} or more here, or a smaller `{part}`",
            )


def _bars(training: Mapping[str, Any]) -> Iterator[Unsound]:
    """Bars by which training longer costs marks, or guessing earns some."""
    place, bars, epochs = ("training", "full_credit_from"), training["full_credit_from"], 0
    if training["epochs"] not in bars:
        yield Unsound(
            place,
            f"there is no bar for {training['epochs']} epochs, which `training.epochs` asks for",
            f"add `{training['epochs']}: ...`; `autograder calibrate` measures what fits",
        )
        return
    if training["epochs_at_first"] >= training["epochs"]:
        yield Unsound(
            ("training", "epochs_at_first"),
            f"the shorter run has {training['epochs_at_first']} epochs, the whole one "
            f"{training['epochs']}",
            "write fewer here, or 0 for no shorter run",
        )
    for more in sorted(bars):
        if bars[more] <= GUESSED:
            yield Unsound(
                (*place, more),
                f"the bar of {more} epochs is {bars[more]:g}: guessing reaches {GUESSED:g}",
                f"write more than {GUESSED:g} here",
            )
        if epochs and bars[more] < bars[epochs]:
            yield Unsound(
                (*place, more),
                f"the bar of {more} epochs is {bars[more]:g}, lower than {bars[epochs]:g}, that of "
                f"{epochs}: who trains longer would be asked for less",
                f"write {bars[epochs]:g} or more here, or less for {epochs} epochs",
            )
        epochs = more
    room = bars[training["epochs"]] - GUESSED
    if training["band"] > room > 0:
        yield Unsound(
            ("training", "band"),
            f"`band` is {training['band']:g}: that far below {bars[training['epochs']]:g}, the bar of "
            f"{training['epochs']} epochs, guessing would earn marks",
            f"write at most {math.floor(room * 100 + 1e-9) / 100:g}: guessing reaches {GUESSED:g}",
        )


def surprises(settings: Mapping[str, Any]) -> Iterator[Unsound]:
    """Yield what works, and may not be meant."""
    points = {name: question["points"] for name, question in settings["questions"].items()}
    total = total_of(points.values())
    if total != EXPECTED_TOTAL:
        yield Unsound(
            ("questions",),
            f"the points add up to {total:g}, not to {EXPECTED_TOTAL}",
            "If that is meant, all is well: marks are told out of this sum.",
        )
    for name, worth in points.items():
        if not worth:
            yield Unsound(
                ("questions", name, "points"),
                f"{name} is worth 0 points: it is graded, and earns nothing",
                "If that is meant, all is well.",
            )
