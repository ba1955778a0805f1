"""What builds an image: for CodeGrade, Submitty, Artemis, and whatever else runs containers."""

from __future__ import annotations

from autograder.assignment.config import Assignment
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File
from autograder.platforms.contents import rendered

PROGRAM = "autograder"  # the image's entry point


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of docker.zip: a Dockerfile, and all that it copies."""
    context = contents.torch_builds(assignment) | {"base": contents.PYTHON_IMAGE}
    packed = contents.kit_files(assignment, "kit") | contents.requirements(assignment)
    packed["Dockerfile"] = File(rendered("docker/Dockerfile.j2", context))
    packed[PROGRAM] = File(rendered("docker/autograder.j2", context), runs=True)
    return packed


ARTEFACT = Artefact(
    "docker",
    "a Dockerfile and the kit: one image for CodeGrade, Submitty, Artemis and your own",
    files,
    "Unpack it, then `docker build -t vit-autograder .`; docs/platforms.md has how to call it.",
)
