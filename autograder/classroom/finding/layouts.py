"""Tell who handed in what from the names that platforms without metadata give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.classroom.finding.gradescope_export import moment

TIMESTAMP = "timestamp.txt"  # nbgrader's, beside what was handed in
ADDRESS = r"[^@\s]+@[^@_\s]+"
AUTOLAB = re.compile(rf"(?P<who>{ADDRESS})_(?P<version>\d+)_(?P<rest>.+)")
PRAIRIELEARN = re.compile(
    rf"(?P<who>{ADDRESS}|[^_@\s]+)_\d+_(?P<question>.+?)_\d+_\d+_(?P<version>\d+)_(?P<rest>.+)"
)
CLONES = "-submissions"  # what `gh classroom clone student-repos` adds to the assignment's name


@dataclass(frozen=True)
class Upload:
    """A file whose name tells its author (an address, or a team), and which version it is of.

    version   the higher, the later
    question  of PrairieLearn's assessment, which may have several
    rest      the name that the author, or the platform, knows the file by
    """

    path: Path
    who: str
    version: int
    question: str
    rest: str


def told_by_name(path: Path) -> Upload | None:
    """Return what Autolab or PrairieLearn tells by a file's name, or None if it is not theirs."""
    for pattern in (PRAIRIELEARN, AUTOLAB):  # the first has more to be met
        if match := pattern.fullmatch(path.name):
            told = match.groupdict()
            version = int(told["version"])
            return Upload(path, told["who"], version, told.get("question", ""), told["rest"])
    return None


def clones_of(folder: Path, likely: Sequence[Path]) -> str:
    """Return what the names of a class's repositories begin with, or "" if these are none."""
    prefix = f"{folder.name.removesuffix(CLONES)}-"
    cloned = folder.name.endswith(CLONES) and likely
    return (
        prefix if cloned and all(p.is_dir() and p.name.startswith(prefix) for p in likely) else ""
    )


def collected(student: Path) -> Mapping[str, Path]:
    """Return what nbgrader has collected of a student: a folder for each assignment, by its name."""
    if not student.is_dir() or student.is_symlink():
        return {}
    try:
        return {path.name: path for path in student.iterdir() if (path / TIMESTAMP).is_file()}
    except OSError:  # told when it comes to be graded
        return {}


def stamped(assignment: Path) -> datetime | None:
    """Return when nbgrader was given it."""
    try:
        return moment((assignment / TIMESTAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def holding(folders: Mapping[str, Sequence[Path]], files: Sequence[str]) -> Iterator[str]:
    """Yield which of several assignments hold a file that is graded."""
    for name, found in folders.items():
        if any((folder / file).is_file() for folder in found for file in files):
            yield name
