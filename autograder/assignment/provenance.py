"""Say which kit a result comes from: its version, its commit, and a digest of what it asks."""

from __future__ import annotations

import functools
import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from autograder import __version__
from autograder.assignment.config import BUILT, FILE, Assignment
from autograder.assignment.exercise import DATA_SET

SUITE = (
    "student/tests",
    "tests/hidden",
    "student/checks",
    f"tests/data/{DATA_SET}",
    f"student/data/{DATA_SET}",
)
KINDS = (".py", ".gz")
NUMBERS = "student/checks/expected.json"  # what visible checks expect
UNKNOWN = "unknown"
ROUNDING = re.compile(rb"^round:.*(\n|\Z)", re.MULTILINE)


@functools.lru_cache(maxsize=4)
def provenance(assignment: Assignment) -> Mapping[str, str]:
    """Return version, commit and digest of a kit, for its reports."""
    digest = suite_digest(assignment)
    return {"autograder": __version__, "commit": commit(assignment.root), "suite": digest}


def suite_files(assignment: Assignment) -> Mapping[str, Path]:
    """Return what decides about marks, by its path in the kit: mark sheet, tests, digits.

    What is provided is among it: it lies beside every submission that is graded.
    """
    provided = [assignment.solution / name for name in assignment.settings.provided]
    inside = [
        path
        for folder in SUITE
        for path in sorted((assignment.root / folder).rglob("*"))
        if path.suffix in KINDS and "__pycache__" not in path.parts
    ]
    found = [assignment.root / FILE, assignment.root / NUMBERS, *provided, *inside]
    return {path.relative_to(assignment.root).as_posix(): path for path in found if path.is_file()}


def suite_digest(assignment: Assignment) -> str:
    """Return a digest that differs if any file of the suite differs.

    How marks are rounded makes no difference: nothing need be graded again for that.
    """
    whole = hashlib.sha256()
    for name, path in sorted(suite_files(assignment).items()):
        content = path.read_bytes()
        if name == FILE:
            content = ROUNDING.sub(b"", content)
        whole.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def commit(root: Path) -> str:
    """Return the kit's commit; with "+changes" where files differ from it."""
    built = root / BUILT
    if built.is_file():
        return str(msgspec.json.decode(built.read_bytes())["commit"])
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return UNKNOWN
    return head + ("+changes" if _git(root, "status", "--porcelain", "--", ".") else "")


def _git(root: Path, *arguments: str) -> str:
    try:
        run = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],  # it only looks
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:  # no git here
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
