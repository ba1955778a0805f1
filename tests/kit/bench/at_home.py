"""Measure how long a student waits for a verdict, beside `python -c "import torch"`: `make bench`.

Whatever is compared runs in turn, and what counts is the ratio of medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.assignment.config import load
from kit.bench.grading import ROOT
from kit.student.own_copy import handed_out, solve

RUNS = 7
QUESTION = "q1"


def main() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {"import torch": [], "pytest": [], "watch": []}
    with tempfile.TemporaryDirectory() as place:
        student = handed_out(assignment := load(ROOT), Path(place))
        solve(student, assignment)
        with subprocess.Popen([sys.executable, "-m", "checks", "watch", QUESTION], cwd=student,
                              env=environment, stdout=subprocess.PIPE) as watching:  # fmt: skip
            _read_until(watching, b"waiting for")
            for _ in range(1 + RUNS):
                times["import torch"].append(_run(["-c", "import torch"], student, environment))
                pytest = ["-m", "pytest", "-k", QUESTION]
                times["pytest"].append(_run(pytest, student, environment))
                times["watch"].append(_save(watching, student / "vit.py"))
            watching.terminate()
    torch, pytest_, watch = (statistics.median(values[1:]) for values in times.values())
    print(f"import torch {torch:.2f} s, pytest -k {QUESTION} {pytest_:.2f} s: "
          f"ratio {pytest_ / torch:.2f} (at most 1.25)")  # fmt: skip
    print(f"watch {QUESTION}, from a save to its verdict {watch:.2f} s (at most 0.6): "
          f"ratio {watch / torch:.2f}", flush=True)  # fmt: skip


def _run(arguments: list[str], folder: Path, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _save(watching: subprocess.Popen[bytes], file: Path) -> float:
    started = time.perf_counter()
    file.write_bytes(file.read_bytes())
    _read_until(watching, b"next: ")
    seconds = time.perf_counter() - started
    _read_until(watching, b"waiting for")
    return seconds


def _read_until(watching: subprocess.Popen[bytes], wanted: bytes) -> None:
    assert watching.stdout is not None
    while wanted not in (line := watching.stdout.readline()):
        if not line:
            raise SystemExit("the watch has ended")


if __name__ == "__main__":
    main()
