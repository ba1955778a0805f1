"""Figures of what the kit costs, those of the last release, and whether one has become worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, ValidationError

from autograder.errors import KitError

RELEASED = Path(__file__).with_name("bench.json")
WORSE_FROM = 1.3  # a ratio above it is worse than at the release
RUNS = 3  # in so many runs a figure must be worse to be a failure
AGAIN = "`python -m kit.bench --save` at a release writes it"


class Figure(BaseModel):
    """What was measured, best in units of a yardstick that ran beside it: so machines compare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: PositiveFloat
    unit: str
    better: Literal["lower", "higher"] = "lower"


class Release(BaseModel):
    """The figures of a release, as they are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    date: str
    python: str
    torch: str
    figures: tuple[Figure, ...]

    @property
    def by_name(self) -> dict[str, Figure]:
        return {figure.name: figure for figure in self.figures}


class Verdict(Enum):
    """What a comparison comes to."""

    FINE = ""
    WORSE = "worse in three runs of three"
    UNSURE = "worse, to be measured again"
    NEW = "not in the last release"
    OTHERWISE = "measured otherwise at the last release"
    UNMEASURED = "not measured here"


@dataclass(frozen=True)
class Compared:
    """A row of the table."""

    name: str
    today: Figure | None
    kept: Figure | None
    ratio: float | None  # above 1 is worse, whichever way is better
    verdict: Verdict


def read(path: Path) -> Release | None:
    """Return the figures of the last release; None if there are none yet."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Release.model_validate_json(text)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise KitError(
            str(path), f"{place}: {first['msg']}", f"take it from git; {AGAIN}"
        ) from None


def write(release: Release, path: Path) -> None:
    """Keep the figures of a release."""
    path.write_text(release.model_dump_json(indent=2) + "\n", encoding="utf-8")


def ratio(today: Figure, kept: Figure) -> float:
    """Return how much worse a figure is than it was: above 1 is worse."""
    better, worse = (kept, today) if today.better == "lower" else (today, kept)
    return worse.value / better.value


def compare(runs: Sequence[Mapping[str, Figure]], kept: Mapping[str, Figure]) -> list[Compared]:
    """Compare what was measured, in one run or several, with what is kept.

    The best of the runs counts: a busy moment makes a figure worse, and nothing makes it better.
    """
    names = dict.fromkeys(name for run in runs for name in run)
    return [_compared([run[name] for run in runs if name in run], kept.get(name)) for name in names]


def until_sure(measure: Callable[[], list[Figure]], kept: Mapping[str, Figure]) -> list[Compared]:
    """Measure until no figure is worse, or one was in so many runs that it is no accident."""
    runs: list[dict[str, Figure]] = []
    while True:
        runs.append({figure.name: figure for figure in measure()})
        rows = compare(runs, kept)
        if not any(row.verdict is Verdict.UNSURE for row in rows):
            return rows


def unmeasured(rows: Sequence[Compared], kept: Mapping[str, Figure]) -> list[Compared]:
    """Return a row for every figure that is kept and was not measured."""
    measured = {row.name for row in rows}
    return [
        Compared(name, None, figure, None, Verdict.UNMEASURED)
        for name, figure in kept.items()
        if name not in measured
    ]


def _compared(measured: list[Figure], then: Figure | None) -> Compared:
    best = (min if measured[0].better == "lower" else max)(measured, key=lambda each: each.value)
    if then is None:
        return Compared(best.name, best, None, None, Verdict.NEW)
    if (then.unit, then.better) != (best.unit, best.better):
        return Compared(best.name, best, then, None, Verdict.OTHERWISE)
    found = ratio(best, then)
    if found <= WORSE_FROM:
        return Compared(best.name, best, then, found, Verdict.FINE)
    verdict = Verdict.WORSE if len(measured) >= RUNS else Verdict.UNSURE
    return Compared(best.name, best, then, found, verdict)
