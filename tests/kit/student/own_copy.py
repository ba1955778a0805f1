"""A student's own copy of what is handed out, and the solution put into it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.assignment.config import Assignment


def handed_out(assignment: Assignment, place: Path) -> Path:
    """Return a student's copy of student/, in a folder with a space and an accent in its name."""
    folder = place / "my élève" / "student"
    ignore = shutil.ignore_patterns("__pycache__", "*-ubyte", ".pytest_cache")
    shutil.copytree(assignment.student, folder, ignore=ignore)
    return folder


def solve(handout: Path, assignment: Assignment, *files: str) -> None:
    for name in files or ("vit.py", "train.py"):
        shutil.copy(assignment.solution / name, handout / name)


def all_pass(printed: str, title: str = "") -> bool:
    """Whether it is told of a question, by its title, that all its visible checks pass."""
    return re.search(rf"{title}.*\s(\d+) of \1 visible checks pass", printed) is not None
