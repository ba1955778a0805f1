"""Grade what Autolab has put beside its Makefile, and print scores whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from autograder.assignment.config import Assignment
from autograder.formats import emitters
from autograder.formats.seen import When
from autograder.formats.text import show
from autograder.grading.report import Report
from autograder.platforms.inside.whatever_happens import graded, use
from autograder.submission.found import fitting_name

OURS = ("Makefile", "autograde.tar")
OUR_FAULT = (
    "Something failed on our side: tell your teacher, who can grade it with autograder grade."
)
SCORES = 3  # the descriptor that run.sh reads scores from


def main(kit: Path) -> None:
    """Grade what lies in the current folder. After every question, the last line has its scores.

    Students read all that is printed, while it is.
    """
    assignment = use(kit)
    try:
        with handed_in(Path.cwd(), assignment) as submission:
            report = graded(assignment, submission, _tell)
    except OSError as error:
        _say(f"What you handed in cannot be laid out: {error.strerror}.")  # run.sh tells the rest
        return
    with contextlib.suppress(OSError):
        show(report, Console(highlight=False, width=100), When.BEFORE_DUE)
        if report.details:
            _say(OUR_FAULT)  # the details may be what a hidden test has raised


@contextlib.contextmanager
def handed_in(folder: Path, assignment: Assignment) -> Iterator[Path]:
    """Yield what was handed in: the file that is not ours.

    Autolab gives every file the same name: one that is no zip is copied to a name that fits.
    """
    found = [path for path in sorted(folder.iterdir()) if path.is_file()]
    path = next((path for path in found if path.name not in OURS), folder / "nothing.zip")
    name = fitting_name(path, path.name, assignment.settings.files[0])
    if name == path.name:
        yield path
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        yield shutil.copyfile(path, Path(place) / name)


def _tell(report: Report) -> None:
    line = emitters.autolab(report)
    with contextlib.suppress(OSError):  # by hand there may be nobody who reads
        os.write(SCORES, f"{line}\n".encode())
    with contextlib.suppress(OSError):  # the disk may be full for a moment
        _say(f"{report.points:g} of {report.max_points:g} points so far.\n{line}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
