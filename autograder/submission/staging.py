"""Lay out what is graded, in a folder that holds nothing else of what was handed in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.errors import UnusableSubmission
from autograder.submission.reading import Parcel


@dataclass(frozen=True)
class Submission:
    """Staged files.

    folder   where they lie
    sources  module name -> file name there; a notebook is the file of both modules
    notes    what the author should know about how it was read
    """

    folder: Path
    sources: Mapping[str, str]
    notes: tuple[str, ...] = ()


def stage(parcel: Parcel, assignment: Assignment, folder: Path) -> Submission:
    """Write a parcel's files, and those that every student is given, into the folder.

    Raises UnusableSubmission, with a message for the student, if nothing in it can be graded.
    """
    if parcel.refused:
        raise UnusableSubmission(parcel.refused)
    folder.mkdir(parents=True, exist_ok=True)
    for name in assignment.settings.provided:
        shutil.copyfile(assignment.solution / name, folder / name)
    for name, content in parcel.files.items():
        (folder / Path(name).name).write_bytes(content)
    return Submission(folder, parcel.sources, parcel.notes)
