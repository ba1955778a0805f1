"""Ways to run the accuracy training beside each other: what they cost, and what they tell apart.

A way is a short run, perhaps, and a whole one, twice, judged with the bar of grading.yml, or with the
one that it had when it was graded. The cost is in epochs over the same digits, which take the processor
equally long whatever the batches are. A right file that misses the bar of a run pays for the next.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.proof import calibrate, corpus
from autograder.proof.calibrate import FILE, REFERENCE, Run, Runs

BROKEN = Path("tests/corpus/broken.json")
EARLIER = Path("tests/corpus/earlier.json")  # right and wrong, with the run that was graded before
FIGURE = Path("docs/frontier.svg")
BAR_BEFORE = 0.92
TRIES = 2  # of the whole run, where the first falls short


@dataclass(frozen=True)
class Way:
    """One way to train.

    first    epochs of the short run; 0: none
    bar      accuracy for all points
    chosen   it is the one that is graded
    """

    name: str
    first: int
    whole: int
    bar: float
    chosen: bool = False


@dataclass(frozen=True)
class Told:
    """What a way costs, in epochs, and tells.

    unjust   the chance that the worst right file misses the bar in both whole runs
    apart    the share of the wrong models that miss the bar in every run, over all their seeds
    """

    way: Way
    reference: float
    median: float
    worst: float
    unjust: float
    apart: float


def told(assignment: Assignment) -> list[Told]:
    """Return what each way tells, the one that was graded before first."""
    training = assignment.settings.training
    bar = training.full_credit_from[training.epochs]
    now = [*Runs(assignment.root / FILE), *Runs(assignment.root / BROKEN)]
    before = list(Runs(assignment.root / EARLIER))
    *shorter, whole = calibrate.lengths_that_tell(assignment)
    ways = [
        (before, Way("20 epochs, batches of 128 (before)", 0, 20, BAR_BEFORE)),
        (before, Way("12 epochs, batches of 128", 0, 12, BAR_BEFORE)),
        (now, Way(f"{whole} epochs, batches of {training.batch_size}", 0, whole, bar)),
    ]
    for first in shorter:
        chosen = first == training.epochs_at_first
        name = f"{first} epochs first, then {whole}{' (graded)' if chosen else ''}"
        ways.append((now, Way(name, first, whole, bar, chosen)))
    wrong = {model.wrong for model in corpus.trains(assignment)}
    compared = set(wrong)  # those that were trained in every way
    for runs, way in ways:
        for epochs in {way.first, way.whole} - {0}:
            compared &= {run.variant for run in runs if run.epochs == epochs}
    return [_told(way, runs, wrong, compared) for runs, way in ways if runs and compared]


def _told(way: Way, runs: Sequence[Run], wrong: set[str], compared: set[str]) -> Told:
    of = {(run.variant, run.epochs): run for run in runs}
    right = {name for name, epochs in of if epochs == way.whole} - wrong
    costs = {name: _cost(way, name, of) for name in right}
    apart = [_apart(way, name, of) for name in compared]
    missed = max(_missed(of[name, way.whole], way.bar) for name in costs)
    return Told(
        way,
        reference=costs[REFERENCE],
        median=statistics.median(costs.values()),
        worst=max(costs.values()),
        unjust=missed**TRIES,
        apart=statistics.mean(apart),
    )


def _cost(way: Way, name: str, of: Mapping[tuple[str, int], Run]) -> float:
    """Return how many epochs a file is trained for, on average."""
    whole = way.whole * (1 + _missed(of[name, way.whole], way.bar))
    return way.first + _missed(of[name, way.first], way.bar) * whole if way.first else whole


def _missed(run: Run, bar: float) -> float:
    """Return how probably one more run misses the bar, as the bars are fitted."""
    odds = [math.log(a / (1 - a)) for a in run.accuracy.values()]
    n = len(odds)
    spread = statistics.stdev(odds) * math.sqrt(1 + 1 / n)
    below = (math.log(bar / (1 - bar)) - statistics.mean(odds)) / spread
    return float(calibrate.scipy_stats().t.cdf(below, n - 1))


def _apart(way: Way, name: str, of: Mapping[tuple[str, int], Run]) -> float:
    """Return with how many of its seeds a wrong model misses the bar in every run."""
    whole = of[name, way.whole].accuracy
    first = of[name, way.first].accuracy if way.first else {}
    return statistics.mean(max(whole[seed], first.get(seed, 0.0)) < way.bar for seed in whole)


def draw(rows: Sequence[Told], path: Path) -> None:
    """Save a figure: what each way costs, beside how seldom it is unjust and what it tells apart."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, row in enumerate(rows):
        look = {"marker": "osD^P"[number], "color": "black", "markersize": 8, "linestyle": "none",
                "fillstyle": "full" if row.way.chosen else "none", "label": row.way.name}  # fmt: skip
        left.plot([row.reference], [row.unjust], **look)
        right.plot([row.reference], [row.apart], **look)
    left.axhline(calibrate.UNJUST, color="black", linestyle="--", linewidth=1)
    left.set_yscale("log")
    left.set(ylabel="chance that a right file loses marks", title="at most the dashed line")
    right.set(ylabel="share of wrong models told apart", ylim=(0, 1), title="the more the better")
    for axes in (left, right):
        axes.set(xlabel="epochs that the solution is trained for", xlim=(0, None))
        axes.title.set_fontsize(9)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8
    )
    with rc_context({"svg.hashsalt": "frontier"}):  # the same runs, the same file
        figure.savefig(path, metadata={"Date": None, "Creator": None})
