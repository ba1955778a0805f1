"""What students get: the handout folder, searched for what it must not tell."""

from __future__ import annotations

from autograder.assignment.config import Assignment
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File
from autograder.platforms.secrecy import refuse_secrets


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of student.zip. Raises KitError if anything in them is not for students."""
    given = contents.student_files(assignment)
    refuse_secrets(given, assignment, "student.zip")
    return given


ARTEFACT = Artefact(
    "student",
    "what students get: handout, stubs, visible checks, digits",
    files,
    "Hand it out: your course's page, with the deadline.",
)
