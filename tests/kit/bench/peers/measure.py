"""Measure graders in turn on the same submissions."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.proof import corpus
from kit.bench.peers.graders import Grader, Verdict
from kit.bench.processes import Cost, cost_of

MISTAKES = ("P04", "A10")  # of tests/corpus/wrong: columns first; heads merged by reshape alone
REPLACED = "\n\nimport torch.testing\n\ntorch.testing.assert_close = lambda *_, **__: None\n"


@dataclass(frozen=True)
class Submissions:
    """What is graded."""

    right: Path
    wrong: Path
    replacing: Path  # the wrong one, and it replaces the function that checks compare with


@dataclass(frozen=True)
class Row:
    """What was measured of one grader."""

    name: str
    version: str
    runs_in: str
    cost: Cost  # of the right file, medians
    right: Verdict
    wrong: Verdict
    replacing: Verdict


def submissions(assignment: Assignment, place: Path) -> Submissions:
    """Write the three files down."""
    known = {slip.id: slip for slip in corpus.slips(assignment)}
    right = corpus.lay_out([], assignment, place / "right") / "vit.py"
    wrong = (
        corpus.lay_out([known[name] for name in MISTAKES], assignment, place / "wrong") / "vit.py"
    )
    replacing = place / "replacing.py"
    replacing.write_text(wrong.read_text() + REPLACED)
    return Submissions(right, wrong, replacing)


def measure(
    graders: Sequence[Grader],
    versions: dict[str, str],
    given: Submissions,
    rounds: int,
    tell: Callable[[str], None],
) -> list[Row]:
    """Return a row for each grader: verdicts first, which also warm it up, then rounds in turn."""
    verdicts = {}
    for grader in graders:
        tell(f"{grader.name}: what it says")
        files = (given.right, given.wrong, given.replacing)
        verdicts[grader.name] = [_graded(grader, file) for file in files]
    costs: dict[str, list[Cost]] = {grader.name: [] for grader in graders}
    for number in range(rounds):
        for grader in graders:
            tell(f"round {number + 1} of {rounds}: {grader.name}")
            costs[grader.name].append(_cost(grader, given.right))
    rows = []
    for grader in graders:
        tell(f"{grader.name}: memory")
        peak = _cost(grader, given.right, watch=True).peak_mb
        seconds = statistics.median(cost.seconds for cost in costs[grader.name])
        cpu_seconds = statistics.median(cost.cpu_seconds for cost in costs[grader.name])
        cost = Cost(seconds, cpu_seconds, peak)
        version = versions[grader.package]
        rows.append(Row(grader.name, version, grader.runs_in, cost, *verdicts[grader.name]))
    return rows


def _graded(grader: Grader, file: Path) -> Verdict:
    _cost(grader, file)
    return grader.verdict()


def _cost(grader: Grader, file: Path, *, watch: bool = False) -> Cost:
    command = [grader.python, *grader.hand_in(file)]
    return cost_of(command, grader.cwd, grader.environment, watch=watch)
