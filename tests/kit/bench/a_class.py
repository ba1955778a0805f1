"""Measure what a class costs beside a loop over it, and whether that stays so. Nothing trains.

Ways to grade the same submissions run in turn; what counts is the ratio of medians. For larger classes:

    PYTHONPATH=tests .venv/bin/python -m kit.bench.a_class --sizes 20,200,2000 --only q1
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from autograder.assignment.config import Assignment, load
from autograder.platforms.build import build
from autograder.proof import corpus
from kit.bench.figures import Figure
from kit.bench.processes import Cost, cost_of
from kit.bench.yardsticks import IMPORT, import_torch
from kit.workbench import ROOT, untrained

RUNS, STUDENTS, LOOPED = 3, 12, 4  # of a class; some of it in loops
FEW, MANY = 20, 120  # submissions of the two classes whose cost is compared
ONLY = "q1"  # the question that those are graded on
LOOK = 0.05  # seconds between two looks at what is graded


def throughput() -> list[Figure]:
    """A batch beside a loop of `autograder grade`, and beside one of `otter run`."""
    with kit_without_training() as (kit, place):
        folder = students(kit, place / "class", STUDENTS)
        medians = _medians(_ways(kit, place, folder))
    batch = medians.pop("autograder batch")
    found = []
    for name, loop in medians.items():
        found += [
            Figure(name=f"a batch, beside a loop of {name}", value=loop.seconds / batch.seconds,
                   unit="x its throughput", better="higher"),
            Figure(name=f"a batch, beside a loop of {name}, CPU",
                   value=batch.cpu_seconds / loop.cpu_seconds, unit="x its CPU seconds"),
        ]  # fmt: skip
    return found


def scaling() -> list[Figure]:
    """What a submission costs in a larger class beside a small one, and the memory of all of it."""
    with kit_without_training() as (kit, place):
        few, many = (_graded(kit, place, size, ONLY) for size in (FEW, MANY))
    value = many.each / few.each
    torch = import_torch(watch=True).peak_mb
    return [
        Figure(name=f"a submission among {MANY}", value=value, unit=f"x one among {FEW}"),
        Figure(name=f"a class of {MANY}, peak memory (PSS)", value=many.cost.peak_mb / torch,
               unit=IMPORT),
    ]  # fmt: skip


@contextlib.contextmanager
def kit_without_training() -> Iterator[tuple[Assignment, Path]]:
    """Yield a kit without training, so that all ways have the same to do, and a folder for it."""
    with tempfile.TemporaryDirectory() as name:
        whole = load(ROOT)
        kit = untrained(whole, Path(name) / "kit")
        shutil.copytree(whole.tests / "corpus", kit.tests / "corpus")
        yield kit, Path(name)


def students(kit: Assignment, folder: Path, count: int) -> Path:
    """Lay a class out: mistakes and right files of the corpora in turn, each made unlike all others."""
    slips = corpus.slips(kit)
    for number in range(count):
        edits = [] if number % 2 else [slips[number * 7 % len(slips)]]
        place = corpus.lay_out(edits, kit, folder / f"s{number:04}")
        with (place / "vit.py").open("a", encoding="utf-8") as file:
            file.write(f"\n# {number}\n")
    return folder


def _ways(kit: Assignment, place: Path, folder: Path) -> dict[str, Callable[[int], Cost]]:
    """Return ways to grade a class. Each is given the number of its run, and costs per submission."""
    some = sorted(folder.iterdir())[:LOOPED]
    ways: dict[str, Callable[[int], Cost]] = {
        "autograder batch": lambda run: _each(
            [_run(_batch(folder, place / f"out {run}"), kit.root)], STUDENTS
        ),
        "autograder grade": lambda _: _each(
            [_run(["-m", "autograder", "grade", path], kit.root) for path in some], LOOPED
        ),
    }
    if importlib.util.find_spec("otter"):
        [built] = build(kit, ["otter"], place)
        ways["otter run"] = lambda _: _each(
            [_otter(built.zip.path, path, place) for path in some], LOOPED
        )
    return ways


def _each(costs: list[Cost], count: int) -> Cost:
    """Return what one of so many submissions cost."""
    seconds = sum(cost.seconds for cost in costs) / count
    return Cost(seconds, sum(cost.cpu_seconds for cost in costs) / count, 0.0)


def _medians(ways: dict[str, Callable[[int], Cost]]) -> dict[str, Cost]:
    names, rounds = list(ways), [[way(run) for way in ways.values()] for run in range(RUNS)]
    return {
        name: Cost(
            statistics.median(cost.seconds for cost in costs),
            statistics.median(cost.cpu_seconds for cost in costs),
            0.0,
        )
        for name, costs in zip(names, zip(*rounds, strict=True), strict=True)
    }


def _batch(folder: Path, out: Path) -> list[object]:
    return ["-m", "autograder", "batch", folder, "--out", out]


def _otter(zip_: Path, path: Path, place: Path) -> Cost:
    handed_in = shutil.make_archive(str(place / "handed_in"), "zip", path)
    return _run(["-m", "otter", "run", "-a", zip_, "-o", place, handed_in], place)


def _run(arguments: list[object], cwd: Path) -> Cost:
    return cost_of([sys.executable, *arguments], cwd)


@dataclass(frozen=True)
class Graded:
    """What a class took."""

    each: float  # seconds from one submission to the next
    cost: Cost


def _graded(kit: Assignment, place: Path, size: int, only: str) -> Graded:
    folder, out = students(kit, place / f"of {size}", size), place / f"out of {size}"
    first: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not first and not over.wait(LOOK):
            if any(out.glob(".graded/*/*.record")):
                first.append(time.perf_counter())

    watcher = threading.Thread(target=watch)
    watcher.start()
    command = [sys.executable, *_batch(folder, out), "--only", only]
    cost = cost_of(command, kit.root, watch=True)
    ended = time.perf_counter()
    over.set()
    watcher.join()
    return Graded((ended - first[0]) / (size - 1), cost)


def main(sizes: str = "20,200,2000", only: str = ONLY) -> None:
    """Print what a submission costs in classes of these sizes."""
    with kit_without_training() as (kit, place):
        for size in map(int, sizes.split(",")):
            graded = _graded(kit, place, size, only)
            print(f"{size:>5} submissions: {graded.each:.2f} s each after the first, "
                  f"{graded.cost.cpu_seconds / size:.2f} CPU s each, "
                  f"peak memory of all {graded.cost.peak_mb:.0f} MB", flush=True)  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
