"""What the kit's own tests share: its folder, a command of it, a copy of it, how long to wait."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment.config import Assignment, load
from autograder.assignment.exercise import TRAINED
from autograder.grading.report import Report

ROOT = Path(__file__).resolve().parents[2]
# Seconds after which something is taken to hang, on a slow and busy machine as well. Nothing is
# measured with it, and no test ends by it where all is well.
PATIENCE = 1200
proof = pytest.mark.proof  # long by nature: run by `make prove`
FAST = ["q1", "q2", "q3", "q4", "q5", "q6"]  # all but the question that trains
# Put behind a vit.py: it reads digits well, and is no transformer.
MLP = """

class LightViT(nn.Sequential):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        _, C, H, W = image_dim
        maps = [nn.Linear(C * H * W, 64), nn.GELU(), nn.Linear(64, num_classes)]
        super().__init__(nn.Flatten(), *maps)
"""


def messages(report: Report) -> str:
    """Return all that a student could read in a report."""
    outcomes = [outcome for question in report.questions for outcome in question.outcomes]
    return "\n".join([report.message, *report.notes, *(outcome.message for outcome in outcomes)])


def copy_of(assignment: Assignment, root: Path) -> Assignment:
    """Copy a kit, without its corpora and its own tests."""
    folders = "solution student tests/hidden tests/data".split()
    for name in folders:
        shutil.copytree(
            assignment.root / name, root / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("grading.yml", "constraints.txt"):
        shutil.copyfile(assignment.root / name, root / name)
    return load(root)


def untrained(assignment: Assignment, root: Path) -> Assignment:
    """Copy a kit without the question that trains, and takes longer than all others together."""
    copied = copy_of(assignment, root)
    for name, its_part in (
        ("grading.yml", rf"\n  {TRAINED}:\n(?:    .*\n)+"),
        ("solution/handout.md.j2", rf"\n## [^\n]*\({TRAINED}\)\n(?:(?!## ).*\n)+"),
    ):
        whole = (root / name).read_text(encoding="utf-8")
        rest, parts = re.subn(its_part, "\n", whole)
        assert parts == 1, name
        (root / name).write_text(rest, encoding="utf-8")
    for path in copied.test_files([TRAINED]):
        path.unlink()
    return load(root)


def with_settings(assignment: Assignment, **changed: object) -> Assignment:
    """Return the same kit with other settings, which its grading.yml does not have."""
    return Assignment(assignment.root, assignment.settings.model_copy(update=changed))


def schema(name: str) -> dict[str, Any]:
    """Return the JSON schema of a platform's results."""
    found: dict[str, Any] = json.loads(
        (ROOT / f"tests/kit/formats/schemas/{name}.json").read_text()
    )
    return found


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run `autograder` with these arguments, as an instructor does: a process, started cold."""
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)
