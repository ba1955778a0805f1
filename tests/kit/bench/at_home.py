"""Measure how long a student waits for a verdict, beside `import torch`.

Whatever is compared runs in turn, and what counts is the ratio of medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.assignment.config import load
from kit.bench.figures import Figure
from kit.bench.processes import Cost, cost_of
from kit.bench.yardsticks import IMPORT, seconds
from kit.student.own_copy import handed_out, solve
from kit.workbench import ROOT

RUNS = 7
QUESTION = "q1"


def waiting() -> list[Figure]:
    """A pytest of one question, and a save to its verdict while a watch runs."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    torch: list[Cost] = []
    pytest: list[Cost] = []
    saves: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        student = handed_out(assignment := load(ROOT), Path(place))
        solve(student, assignment)
        with subprocess.Popen([sys.executable, "-m", "checks", "watch", QUESTION], cwd=student,
                              env=environment, stdout=subprocess.PIPE) as watching:  # fmt: skip
            _read_until(watching, b"waiting for")
            for _ in range(1 + RUNS):
                command = [sys.executable, "-c", "import torch"]
                torch.append(cost_of(command, student, environment))
                command = [sys.executable, "-m", "pytest", "-k", QUESTION]
                pytest.append(cost_of(command, student, environment))
                saves.append(seconds(lambda: _save(watching, student / "vit.py")))
                _read_until(watching, b"waiting for")
            watching.terminate()
    bare = statistics.median(cost.cpu_seconds for cost in torch[1:])
    run = statistics.median(cost.cpu_seconds for cost in pytest[1:])
    waited = statistics.median(cost.seconds for cost in torch[1:])
    return [
        Figure(name=f"pytest -k {QUESTION} at home, CPU", value=run / bare, unit=IMPORT),
        Figure(
            name=f"watch {QUESTION}, from a save to its verdict",
            value=statistics.median(saves[1:]) / waited,
            unit=IMPORT,
        ),
    ]


def _save(watching: subprocess.Popen[bytes], file: Path) -> None:
    file.write_bytes(file.read_bytes())
    _read_until(watching, b"next: ")


def _read_until(watching: subprocess.Popen[bytes], wanted: bytes) -> None:
    assert watching.stdout is not None
    while wanted not in (line := watching.stdout.readline()):
        if not line:
            raise SystemExit("the watch has ended")
