"""Measure what a class costs beside a loop over it, and whether that stays so: `make bench`.

    python -m kit.bench.a_class --students 8 --runs 3 --sizes 20,200,2000 --only q1

Ways to grade the same submissions run in turn; what counts is the ratio of medians. Nothing trains.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.assignment.config import Assignment, load
from autograder.platforms.build import build
from autograder.proof import corpus
from kit.bench.grading import ROOT, family, proportional_mb
from kit.workbench import untrained

LOOK = 0.5  # seconds between two looks at memory


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=6, help="in the comparison with loops")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--sizes", default="20,200,2000", help="of the classes in the scaling figure"
    )
    parser.add_argument("--only", default="q1", help="questions of the scaling figure")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        whole = load(ROOT)
        kit = untrained(whole, Path(name) / "kit")  # so all ways have the same to do
        shutil.copytree(whole.tests / "corpus", kit.tests / "corpus")
        if asked.runs:
            throughput(kit, Path(name), asked.students, asked.runs)
        scaling(kit, Path(name), [int(size) for size in asked.sizes.split(",") if size], asked.only)


def students(kit: Assignment, folder: Path, count: int) -> Path:
    """Lay a class out: mistakes and right files of the corpora in turn, each made unlike all others."""
    slips = corpus.slips(kit)
    for number in range(count):
        edits = [] if number % 2 else [slips[number * 7 % len(slips)]]
        place = corpus.lay_out(edits, kit, folder / f"s{number:04}")
        with (place / "vit.py").open("a", encoding="utf-8") as file:
            file.write(f"\n# {number}\n")
    return folder


def throughput(kit: Assignment, place: Path, count: int, runs: int) -> None:
    """Compare a batch with a loop of `autograder grade` and one of `otter run`."""
    folder = students(kit, place / "class", count)
    ways: dict[str, Callable[[int], object]] = {
        "loop of autograder grade": lambda run: [grade(kit, path) for path in each(folder)],
        "autograder batch": lambda run: batch(kit, folder, place / f"out {run}"),
    }
    if importlib.util.find_spec("otter"):
        zips = [built.zip.path for built in build(kit, ["otter"], place)]
        ways["loop of otter run"] = lambda run: [
            otter(zips[0], path, place) for path in each(folder)
        ]
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs):
        for name, way in ways.items():
            started = time.perf_counter()
            way(run)
            times[name].append((time.perf_counter() - started) / count)
            print(
                f"run {run + 1} of {runs}: {name:<26} {times[name][-1]:6.2f} s a submission",
                flush=True,
            )
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, least in (("loop of autograder grade", 3), ("loop of otter run", 4)):
        if name in medians:
            ratio = medians[name] / medians["autograder batch"]
            print(f"{name} / autograder batch: ratio {ratio:.1f} (at least {least})", flush=True)


def each(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.iterdir())


def grade(kit: Assignment, path: Path) -> None:
    _run(["-m", "autograder", "grade", path], kit)


def batch(kit: Assignment, folder: Path, out: Path) -> None:
    _run(["-m", "autograder", "batch", folder, "--out", out], kit)


def otter(zip_: Path, path: Path, place: Path) -> None:
    handed_in = shutil.make_archive(str(place / "handed_in"), "zip", path)
    command = [sys.executable, "-m", "otter", "run", "-a", zip_, "-o", place, handed_in]
    subprocess.run(command, cwd=place, check=True, capture_output=True)


def _run(arguments: list[object], kit: Assignment) -> None:
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, cwd=kit.root, check=True, capture_output=True)


def scaling(kit: Assignment, place: Path, sizes: list[int], only: str) -> None:
    """Grade classes of several sizes; print what one submission costs, and the peak of memory."""
    told = [(size, *_measured(kit, place, size, only)) for size in sizes]
    for size, each_, main_mb, all_mb in told:
        print(f"{size:>5} submissions: {each_:.2f} s each after the first, main process "
              f"{main_mb:.0f} MB, all {all_mb:.0f} MB", flush=True)  # fmt: skip
    if len(told) > 1:
        (few, first, *_), (many, last, *_) = told[0], told[-1]
        print(f"cost of a submission, {many} beside {few}: ratio {last / first:.2f} (about 1)")


def _measured(kit: Assignment, place: Path, size: int, only: str) -> tuple[float, float, float]:
    folder, out = students(kit, place / f"of {size}", size), place / f"out of {size}"
    command = ["-m", "autograder", "batch", str(folder), "--out", str(out)]
    command += ["--only", only] if only else []
    process = subprocess.Popen([sys.executable, *command], cwd=kit.root, stdout=subprocess.DEVNULL)
    first, main_mb, all_mb = 0.0, 0.0, 0.0
    while process.poll() is None:
        if not first and any(out.glob(".graded/*/*.record")):
            first = time.perf_counter()
        memory = [proportional_mb(pid) for pid in family(process.pid)]
        main_mb, all_mb = max(main_mb, memory[0]), max(all_mb, sum(memory))
        time.sleep(LOOK)
    if process.returncode:
        raise SystemExit(f"the batch of {size} ended with status {process.returncode}")
    shutil.rmtree(folder)
    return (time.perf_counter() - first) / (size - 1), main_mb, all_mb


if __name__ == "__main__":
    main()
