"""Build the zips: what students get, and what each platform is given."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.formats.gradescope import VISIBILITY
from autograder.platforms.artefacts import (
    autolab,
    classroom,
    docker,
    gradescope,
    nbgrader,
    otter,
    prairielearn,
    student,
)
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import Written, write_zip

ARTEFACTS = {
    module.ARTEFACT.name: module.ARTEFACT
    for module in (student, gradescope, otter, prairielearn, autolab, classroom, docker, nbgrader)
}
ON_GRADESCOPE = {gradescope.ARTEFACT.name, otter.ARTEFACT.name}


@dataclass(frozen=True)
class Built:
    """A zip that was built."""

    artefact: Artefact
    zip: Written


def build(assignment: Assignment, names: list[str], out: Path) -> Iterator[Built]:
    """Write these zips into a folder, one after the other. Raises KitError."""
    for name in names:
        artefact = ARTEFACTS[name]
        yield Built(artefact, write_zip(artefact.files(assignment), out / f"{name}.zip"))


def warnings(assignment: Assignment, names: Collection[str]) -> Iterator[str]:
    """Yield what an instructor should know before uploading these zips."""
    yield from assignment.surprises
    hiding = [name for name, q in assignment.questions.items() if q.show in VISIBILITY]
    if hiding and ON_GRADESCOPE.intersection(names):
        yield (
            f"On Gradescope, {', '.join(hiding)}: rows that students cannot see hide their total "
            "score, too, until they can. To show the total now, write `show: score_only` in grading.yml."
        )
    if not assignment.settings.install.torch_index and set(names) != {student.ARTEFACT.name}:
        yield (
            "install.torch_index is empty: pip's default index has torch with CUDA, several GB, and "
            "building the image may take very long."
        )
