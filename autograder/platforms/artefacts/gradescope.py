"""What Gradescope is given."""

from __future__ import annotations

from autograder.assignment.config import Assignment
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File

KIT = "kit"  # the folder in the zip that the kit lies in
PROGRAM = "-m autograder.platforms.inside.on_gradescope"


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of gradescope.zip: its two scripts at the top, and the kit."""
    return contents.kit_files(assignment, KIT) | contents.scripts(assignment, KIT, PROGRAM)


ARTEFACT = Artefact(
    "gradescope",
    "the autograder for Gradescope: setup.sh, run_autograder, the kit",
    files,
    "Gradescope: Configure Autograder, upload, choose 1 CPU / 1.5 GB.",
)
