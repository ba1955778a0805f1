"""Measure the accuracy that right solutions reach, over many seeds, and fit the bars of the mark to it.

The model: on the scale of log-odds, the accuracy of one submission is normal over seeds, and two tries
of it are independent. A bar is what one more try misses with a stated probability (the prediction
interval of Student's t), the lowest over all variants. Shapiro and Wilk's test looks at the normality;
the bound of Clopper and Pearson beside it assumes none.
"""

from __future__ import annotations

import hashlib
import json
import math
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import Any

from matplotlib import rc_context

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FIRST, TRAINED
from autograder.errors import KitError
from autograder.formats.whole_files import write_json
from autograder.grading.pool import Job, Pool
from autograder.isolation.worker import graded_run
from autograder.isolation.workers import Listener
from autograder.proof import corpus

FILE = Path("tests/corpus/calibration.json")
FIGURE = Path("docs/calibration.svg")
UNJUST = 1e-6  # the chance that a right submission loses a part of the mark
CONFIDENCE = 0.95
FEWEST_SEEDS = 30
SEEDS_OF_BROKEN = 3
TELLING = 0.5  # a bar above it: the accuracies of such a length are no more those of a beginning
AN_HOUR = 3600.0  # seconds: more than any of them takes
REFERENCE = "the solution"


@dataclass(frozen=True)
class Run:
    """What one right submission reached with so many epochs: accuracies by seed."""

    variant: str
    epochs: int
    digest: str
    accuracy: Mapping[int, float]


@dataclass(frozen=True)
class Fit:
    """What a run says about one more try.

    bar          it is missed with the probability that was asked for
    normality    p of Shapiro and Wilk's test, on the scale of log-odds
    below        tries below the bar of grading.yml
    at_most      how probable such a try is at most, whatever the distribution (Clopper, Pearson)
    """

    mean: float
    sd: float
    least: float
    most: float
    bar: float
    normality: float
    below: int
    at_most: float


class Runs:
    """The runs there are, in a file that has each accuracy as soon as it is known."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._runs: dict[tuple[str, int], Run] = {}
        if file.exists():
            for entry in json.loads(file.read_text(encoding="utf-8"))["runs"]:
                accuracy = {int(seed): value for seed, value in entry.pop("accuracy").items()}
                run = Run(**entry, accuracy=accuracy)
                self._runs[run.variant, run.epochs] = run

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs.values())

    def of(self, variant: str, epochs: int, digest: str) -> Run:
        """Return a run to go on with: an empty one if what was trained is another by now."""
        run = self._runs.get((variant, epochs))
        return run if run and run.digest == digest else Run(variant, epochs, digest, {})

    def add(self, run: Run, seed: int, accuracy: float) -> None:
        """Keep one more accuracy."""
        run = self.of(run.variant, run.epochs, run.digest)
        accuracies = dict(sorted({**run.accuracy, seed: accuracy}.items()))
        self._runs[run.variant, run.epochs] = replace(run, accuracy=accuracies)
        runs = [asdict(run) for run in sorted(self, key=lambda run: (-run.epochs, run.variant))]
        write_json({"runs": runs}, self.file)


def measure(assignment: Assignment, seeds: int, runs: Runs, on_run: Listener) -> None:
    """Train right submissions with every number of epochs that has a bar, for so many seeds.

    Which of them is the worst depends on the number of epochs: what starts slowly catches up.
    """
    training = assignment.settings.training
    with tempfile.TemporaryDirectory() as folder:
        submissions = dict(_submissions(assignment, Path(folder)))
        lengths = {training.epochs, *training.full_credit_from}
        train(assignment, submissions, lengths, seeds, runs, on_run)


def measure_broken(assignment: Assignment, seeds: int, runs: Runs, on_run: Listener) -> None:
    """Train the wrong models that train, with every number of epochs that could tell them apart."""
    with tempfile.TemporaryDirectory() as folder:
        submissions = {
            model.wrong: corpus.lay_out([model], assignment, Path(folder) / str(number))
            for number, model in enumerate(corpus.trains(assignment))
        }
        train(assignment, submissions, lengths_that_tell(assignment), seeds, runs, on_run)


def lengths_that_tell(assignment: Assignment) -> list[int]:
    """Return the numbers of epochs after which a right model is far from guessing, in order.

    The last is that of the whole run.
    """
    training = assignment.settings.training
    telling = {n for n, bar in training.full_credit_from.items() if bar > TELLING}
    shorter = {n for n in telling | {training.epochs_at_first} if 0 < n < training.epochs}
    return [*sorted(shorter), training.epochs]


def train(
    assignment: Assignment,
    submissions: Mapping[str, Path],
    lengths: Iterable[int],
    seeds: int,
    runs: Runs,
    on_run: Listener,
) -> None:
    """Train these submissions with so many epochs each, for so many seeds, as far as it is not done."""
    for epochs in sorted(lengths, reverse=True):
        started = {
            name: runs.of(name, epochs, _digest(path, assignment, epochs))
            for name, path in submissions.items()
        }
        todo = [
            Job(name, submissions[name], [TRAINED], seed)
            for seed in range(seeds)
            for name, run in started.items()
            if seed not in run.accuracy
        ]
        with Pool(_as_long_as_it_takes(assignment, epochs)) as pool:
            for done, (job, report) in enumerate(pool.grade(todo), 1):
                if report.accuracy is None:
                    raise KitError(job.name, "could not be trained", "grade it to see why")
                runs.add(started[job.name], job.seed, report.accuracy)
                on_run(done, len(todo), f"training for {epochs} epochs")


def _submissions(assignment: Assignment, folder: Path) -> Iterator[tuple[str, Path]]:
    yield REFERENCE, assignment.solution
    for number, variant in enumerate(corpus.variants(assignment)):
        if variant.calibrated:
            yield variant.right, corpus.lay_out([variant], assignment, folder / str(number))


def _digest(submission: Path, assignment: Assignment, epochs: int) -> str:
    """Return what tells whether an accuracy is of this code, this loop and these settings."""
    training = assignment.settings.training
    parts = [
        (submission / FIRST).read_bytes(),
        Path(graded_run.__file__).read_bytes(),
        f"{epochs} {training.batch_size} {training.learning_rate}".encode(),
    ]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def _as_long_as_it_takes(assignment: Assignment, epochs: int) -> Assignment:
    """Return the kit with so many epochs, no limit of time, and a bar that the first try clears."""
    settings = assignment.settings
    once = {"epochs": epochs, "epochs_at_first": 0, "full_credit_from": {1: 0.0}}
    training = settings.training.model_copy(update=once)
    names = ("seconds_for_training", "seconds_in_all", "seconds_on_the_clock")
    limits = settings.limits.model_copy(update=dict.fromkeys(names, AN_HOUR))
    changed = settings.model_copy(update={"training": training, "limits": limits})
    return Assignment(assignment.root, changed)


# --- the fit ---------------------------------------------------------------------------------


def fit(run: Run, bar: float, tries: int = 1) -> Fit:
    """Fit a run.

    bar    of grading.yml, to count what falls below it
    tries  that a submission has: all of them must miss the bar
    """
    stats = scipy_stats()
    accuracies = list(run.accuracy.values())
    n = len(accuracies)
    mean, spread = _one_more(run)
    quantile = stats.t.ppf(UNJUST ** (1 / tries), n - 1)
    below = sum(a < bar for a in accuracies)
    return Fit(
        mean=statistics.mean(accuracies),
        sd=statistics.stdev(accuracies),
        least=min(accuracies),
        most=max(accuracies),
        bar=1 / (1 + math.exp(-(mean + quantile * spread))),
        normality=float(stats.shapiro([_log_odds(a) for a in accuracies]).pvalue),
        below=below,
        at_most=float(stats.beta.ppf(CONFIDENCE, below + 1, n - below)) if below < n else 1.0,
    )


def missed(run: Run, bar: float) -> float:
    """Return how probably one more try misses a bar: what `fit` asks, the other way round."""
    mean, spread = _one_more(run)
    return float(scipy_stats().t.cdf((_log_odds(bar) - mean) / spread, len(run.accuracy) - 1))


def _one_more(run: Run) -> tuple[float, float]:
    """Return where one more try is expected, and how far around, both in log-odds."""
    odds = [_log_odds(accuracy) for accuracy in run.accuracy.values()]
    return statistics.mean(odds), statistics.stdev(odds) * math.sqrt(1 + 1 / len(odds))


def _log_odds(accuracy: float) -> float:
    return math.log(accuracy / (1 - accuracy))


def fits(assignment: Assignment, runs: Iterable[Run]) -> list[tuple[Run, Fit]]:
    """Fit every run with seeds enough, with the number of tries that its length has."""
    training = assignment.settings.training
    found = []
    for run in runs:
        if len(run.accuracy) >= FEWEST_SEEDS:
            bar = training.full_credit_from.get(run.epochs, 0.0)
            found.append((run, fit(run, bar, tries_of(run.epochs, assignment))))
    return found


def tries_of(epochs: int, assignment: Assignment) -> int:
    """Return how often a submission is trained that falls short: a slow one has time for one try."""
    return 2 if epochs == assignment.settings.training.epochs else 1


def bars(assignment: Assignment, runs: Iterable[Run]) -> dict[int, float]:
    """Return, for each number of epochs, the bar that right submissions miss once in a million."""
    lowest: dict[int, float] = {}
    for run, fitted in fits(assignment, runs):
        lowest[run.epochs] = min(fitted.bar, lowest.get(run.epochs, 1.0))
    return dict(sorted(lowest.items()))


def too_high(assignment: Assignment, runs: Sequence[Run]) -> list[str]:
    """Name the bars of grading.yml that right submissions would miss more often, or without runs."""
    training, fitted = assignment.settings.training, bars(assignment, runs)
    found = []
    for epochs, bar in training.full_credit_from.items():
        if epochs not in fitted:
            found.append(
                f"the bar for {epochs} epochs has fewer than {FEWEST_SEEDS} runs behind it"
            )
        elif bar > fitted[epochs]:
            found.append(
                f"the bar for {epochs} epochs is {bar:.3g}, above the {fitted[epochs]:.3g} "
                "that right submissions reach all but once in a million times"
            )
    return found


def draw(assignment: Assignment, runs: Iterable[Run], path: Path) -> None:
    """Save a figure: every accuracy as a dot, a row a variant, with the fitted and the graded bar."""
    from matplotlib.figure import Figure

    training = assignment.settings.training
    rows = [(run, f) for run, f in fits(assignment, runs) if run.epochs == training.epochs]
    full = training.full_credit_from[training.epochs]
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for row, (run, fitted) in enumerate(rows):
        accuracies = list(run.accuracy.values())
        axes.plot(accuracies, [row] * len(accuracies), "o", color="black", alpha=0.35, markersize=4)
        axes.plot([fitted.bar], [row], "|", color="black", markersize=18)
    axes.axvspan(full - training.band, full, color="0.9")
    axes.axvline(full, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(rows)), ["\n".join(wrap(run.variant, 34)) for run, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(full - 0.03, 1.0)
    axes.set(
        xlabel="accuracy on the hidden digits",
        title=f"{training.epochs} epochs, a dot a seed; |: the fitted bar; dashed: all points",
    )
    axes.title.set_fontsize(9)
    metadata = {"Date": None, "Creator": None}
    with rc_context({"svg.hashsalt": "calibration"}):  # the same runs, the same file
        figure.savefig(path, metadata=metadata)


def scipy_stats() -> Any:
    """Return scipy.stats. Raises KitError where it is not installed."""
    try:
        from scipy import stats
    except ImportError:
        raise KitError("autograder calibrate", "scipy is not installed",
                       "pip install -c constraints.txt -e '.[calibrate]'") from None  # fmt: skip
    return stats
