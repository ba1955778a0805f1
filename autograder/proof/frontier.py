"""Ways to run the accuracy training beside each other: what they cost, and what they tell apart.

A way is a short run, perhaps, and a whole one, twice, judged with the bar of grading.yml, or with the
one that it had when it was graded. The cost is in epochs over the same digits, which take the processor
equally long whatever the batches are. A right file that misses the bar of a run pays for the next.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.proof import calibrate, corpus
from autograder.proof.calibrate import FILE, REFERENCE, Run, Runs

BROKEN = Path("tests/corpus/broken.json")
EARLIER = Path("tests/corpus/earlier.json")  # right and wrong, with the run that was graded before
FIGURE = Path("docs/frontier.svg")
BAR_BEFORE = 0.92
MARKERS = "osD^P"
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

    @property
    def lengths(self) -> set[int]:
        """How many epochs its runs have."""
        return {self.first, self.whole} - {0}


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
    """Return what each way tells, the one that was graded before first.

    Left out are ways that nothing was trained in: `autograder calibrate` does.
    """
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
    trained = [(way, {name: of for name, of in _by_name(runs).items() if way.lengths <= of.keys()})
               for runs, way in ways]  # fmt: skip
    measured = [(way, runs) for way, runs in trained if REFERENCE in runs and wrong & runs.keys()]
    compared = wrong.intersection(*(runs for _, runs in measured))
    return [_told(way, runs, wrong, compared) for way, runs in measured if compared]


def _by_name(runs: Iterable[Run]) -> Mapping[str, Mapping[int, Run]]:
    """Return the runs of every file, by how many epochs they have."""
    found: dict[str, dict[int, Run]] = {}
    for run in runs:
        found.setdefault(run.variant, {})[run.epochs] = run
    return found


def _told(
    way: Way, runs: Mapping[str, Mapping[int, Run]], wrong: set[str], compared: set[str]
) -> Told:
    """Tell of a way by the files trained in it: the right ones, and the wrong ones compared."""
    right = [of for name, of in runs.items() if name not in wrong]
    costs = [_cost(way, of) for of in right]
    worst = max(calibrate.missed(of[way.whole], way.bar) for of in right)
    return Told(
        way,
        reference=_cost(way, runs[REFERENCE]),
        median=statistics.median(costs),
        worst=max(costs),
        unjust=worst**TRIES,
        apart=statistics.mean(_apart(way, runs[name]) for name in compared),
    )


def _cost(way: Way, of: Mapping[int, Run]) -> float:
    """Return how many epochs a file is trained for, on average."""
    whole = way.whole * (1 + calibrate.missed(of[way.whole], way.bar))
    return way.first + calibrate.missed(of[way.first], way.bar) * whole if way.first else whole


def _apart(way: Way, of: Mapping[int, Run]) -> float:
    """Return with how many of its seeds a wrong model misses the bar in every run."""
    whole = of[way.whole].accuracy
    first = of[way.first].accuracy if way.first else {}
    return statistics.mean(max(whole[seed], first.get(seed, 0.0)) < way.bar for seed in whole)


def draw(rows: Sequence[Told], path: Path) -> None:
    """Save a figure: what each way costs, beside how seldom it is unjust and what it tells apart."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for marker, row in zip(itertools.cycle(MARKERS), rows):
        look = {"marker": marker, "color": "black", "markersize": 8, "linestyle": "none",
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
