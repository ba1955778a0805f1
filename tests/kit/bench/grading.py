"""Measure what grading the reference costs: its CPU seconds and its memory, here and on platforms.

Whatever is compared runs in turn, and what counts is the ratio of medians of CPU seconds, which
holds on a busy machine where times do not.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder.assignment.config import load
from autograder.platforms.build import build
from kit.bench.figures import Figure
from kit.bench.processes import Cost, cost_of
from kit.bench.yardsticks import COMPUTATION, IMPORT, computation, import_torch
from kit.platforms.container import Container, can_limit, limited
from kit.workbench import FAST, ROOT

RUNS = 3
GRADE = [sys.executable, "-m", "autograder", "grade", ROOT / "solution", "--seed", "1"]


def checks() -> list[Figure]:
    """Grading all questions but the one that trains, from a cold start."""
    every = [*GRADE, "--only", ",".join(FAST)]
    torch, graded = in_turn(RUNS, import_torch, lambda: cost_of(every, ROOT))
    value = cpu_seconds(graded) / cpu_seconds(torch)
    return [Figure(name=f"grading {FAST[0]} to {FAST[-1]}, CPU", value=value, unit=IMPORT)]


def everything() -> list[Figure]:
    """Grading everything, the training among it, beside a fixed computation."""
    fixed, graded = in_turn(RUNS, computation, lambda: cost_of(GRADE, ROOT))
    value = cpu_seconds(graded) / cpu_seconds(fixed)
    return [Figure(name="grading everything, CPU", value=value, unit=COMPUTATION)]


def memory() -> list[Figure]:
    """The peak of all processes' memory while everything is graded."""
    peak = cost_of(GRADE, ROOT, watch=True).peak_mb
    value = peak / import_torch(watch=True).peak_mb
    return [Figure(name="grading everything, peak memory (PSS)", value=value, unit=IMPORT)]


def platforms() -> list[Figure]:
    """What the reference costs in a Gradescope tree, and with `otter run`; as root, on Linux."""
    if os.geteuid() != 0 or not can_limit() or not importlib.util.find_spec("otter"):
        return []
    limits = {"cpus": float(os.cpu_count() or 1), "memory_mb": 16_000.0}
    with tempfile.TemporaryDirectory() as folder:
        place, assignment = Path(folder), load(ROOT)
        zips = {b.artefact.name: b.zip.path
                for b in build(assignment, ["gradescope", "otter"], place)}  # fmt: skip
        with Container(zips["gradescope"]) as container:
            container.use(Path(sys.prefix))
            ours = container.grade(assignment.solution, limits=limits)["used"]
        handed_in = shutil.make_archive(str(place / "solution"), "zip", assignment.solution)
        otter = [sys.executable, "-m", "otter", "run", "-a", zips["otter"], "-o", place, handed_in]
        with limited(**limits) as (enter, theirs):
            subprocess.run(otter, cwd=place, preexec_fn=enter, check=True, capture_output=True)
    fixed = computation().cpu_seconds
    return [
        Figure(name=f"{name}, CPU", value=used["cpu_seconds"] / fixed, unit=COMPUTATION)
        for name, used in (("in Gradescope's tree", ours), ("with our zip for otter run", theirs))
    ]


def in_turn(runs: int, *ways: Callable[[], Cost]) -> list[list[Cost]]:
    """Run several ways in turn, so that what disturbs one disturbs all."""
    rounds = [[way() for way in ways] for _ in range(runs)]
    return [list(costs) for costs in zip(*rounds, strict=True)]


def cpu_seconds(costs: list[Cost]) -> float:
    return statistics.median(cost.cpu_seconds for cost in costs)
