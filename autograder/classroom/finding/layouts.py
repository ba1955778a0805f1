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
# Of each, the first part that fits is the platform's: what follows it, whatever it looks like, is a
# name that a student has chosen.
AUTOLAB = re.compile(rf"(?P<who>{ADDRESS})_(?P<version>\d+)_(?P<rest>.+)", re.DOTALL)
PRAIRIELEARN = re.compile(
    rf"(?P<who>{ADDRESS}|[^_@\s]+)_\d+_(?P<question>.+?)_\d+_\d+_(?P<version>\d+)_(?P<rest>.+)",
    re.DOTALL,
)
CANVAS = re.compile(
    r"(?P<name>[^_@]+)(?P<late>_LATE)?_(?P<who>[0-9A-Za-z]+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL
)
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<who>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL
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


def told_by_moodle(path: Path) -> re.Match[str] | None:
    """Return what Moodle tells by a name, or None if it is not Moodle's, or only its end looks so."""
    match = MOODLE.fullmatch(path.name)
    for pattern in (PRAIRIELEARN, AUTOLAB, CANVAS) if match else ():
        other = pattern.fullmatch(path.name)
        if match and other and other.start("rest") < match.start("kind"):
            return None
    return match


def clones_of(folder: Path, likely: Sequence[Path]) -> str:
    """Return what the names of a class's repositories begin with, or "" if these are none."""
    prefix = f"{folder.name.removesuffix(CLONES)}-"
    cloned = folder.name.endswith(CLONES) and likely
    return (
        prefix if cloned and all(p.is_dir() and p.name.startswith(prefix) for p in likely) else ""
    )


def collected(student: Path, graded: Sequence[str]) -> Mapping[str, Path]:
    """Return what nbgrader has collected of a student: a folder for each assignment, by its name.

    A folder with a file that is graded at its top is what a student has handed in: a time in a folder
    below it is the student's own.
    """
    if not student.is_dir() or student.is_symlink():
        return {}
    if told_by_moodle(student) or any((student / name).is_file() for name in graded):
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


def is_of_nbgrader(likely: Sequence[Path], graded: Sequence[str]) -> bool:
    """Whether nbgrader has collected all of these: no student's folder decides for the others."""
    return bool(likely) and all(collected(path, graded) for path in likely)


def is_collected(path: Path, graded: Sequence[str]) -> bool:
    """Whether this is a student's folder of nbgrader's: nothing lies in it but what was collected."""
    if not (held := collected(path, graded)):
        return False
    return all(p.name in held for p in path.iterdir() if not p.name.startswith("."))


def holding(students: Mapping[str, Sequence[bool]]) -> Iterator[str]:
    """Yield which of several assignments are graded, by who has handed in a graded file to each.

    Those that most have handed one in to: what one student hands in to an essay decides nothing.
    """
    usual = [name for name, having in students.items() if 2 * sum(having) > len(having)]
    yield from usual or [name for name, having in students.items() if any(having)]
