"""What nbgrader is given."""

from __future__ import annotations

import re

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import NOTEBOOK
from autograder.handout.editions import Editions
from autograder.handout.skeleton import handed_out
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File
from autograder.platforms.on_nbgrader.source import notebook, released
from autograder.platforms.secrecy import refuse_secrets

KIT = "grader/kit"  # the folder in the zip that the kit lies in
CONFIG = "nbgrader_config.py"
PINS = ("requirements.txt", "requirements.lock")


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of nbgrader.zip: a folder below source/, and grader/ beside that.

    Raises KitError if students would be told too much.
    """
    source = notebook(assignment)
    given = {name: File(text) for name, text in handed_out(assignment).items() if name != NOTEBOOK}
    shown = released(source, Editions(assignment).pieces()).encode()
    refuse_secrets({**given, NOTEBOOK: File(shown)}, assignment, "nbgrader.zip")
    packed = contents.kit_files(assignment, KIT)
    pins = contents.scripts(assignment, KIT, "")
    packed |= {f"grader/{name}": pins[name] for name in PINS}
    packed[f"grader/{CONFIG}"] = File(contents.rendered(f"{CONFIG}.j2", {}))
    inside = {**given, NOTEBOOK: File(source)}
    return packed | {f"source/{name_of(assignment)}/{name}": file for name, file in inside.items()}


def name_of(assignment: Assignment) -> str:
    """Return the assignment's name in nbgrader: its title in small letters."""
    return re.sub(r"[^a-z0-9]+", "-", assignment.settings.assignment.lower()).strip("-")


ARTEFACT = Artefact(
    "nbgrader",
    "the assignment for nbgrader: a source notebook, and a config that has our grader judge it",
    files,
    "nbgrader: unpack it in the course's folder, and add the line of grader/nbgrader_config.py.",
)
