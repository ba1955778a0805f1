"""What nbgrader is given."""

from __future__ import annotations

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import NOTEBOOK
from autograder.handout.editions import Editions
from autograder.handout.skeleton import handed_out
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.artefacts.nbgrader_notebook import notebook, released
from autograder.platforms.bundle import File
from autograder.platforms.secrecy import refuse_secrets

KIT = "grader/kit"  # the folder in the zip that the kit lies in
CONFIG = "nbgrader_config.py"


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of nbgrader.zip: a folder below source/, and grader/ beside that.

    Raises KitError if students would be told too much.
    """
    source = notebook(assignment)
    given = {name: File(text) for name, text in handed_out(assignment).items() if name != NOTEBOOK}
    shown = released(source, Editions(assignment).pieces()).encode()
    refuse_secrets({**given, NOTEBOOK: File(shown)}, assignment, "nbgrader.zip")
    packed = contents.kit_files(assignment, KIT)
    pins = contents.requirements(assignment)
    packed |= {f"grader/{name}": file for name, file in pins.items()}
    packed[f"grader/{CONFIG}"] = File(contents.rendered(f"{CONFIG}.j2", {}))
    inside = {**given, NOTEBOOK: File(source)}
    return packed | {
        f"source/{contents.slug(assignment)}/{name}": file for name, file in inside.items()
    }


ARTEFACT = Artefact(
    "nbgrader",
    "the assignment for nbgrader: a source notebook, and a config that has our grader judge it",
    files,
    "nbgrader: unpack it in the course's folder, and add the line of grader/nbgrader_config.py.",
)
