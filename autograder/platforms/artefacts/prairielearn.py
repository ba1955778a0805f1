"""What a PrairieLearn course is given."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from autograder.assignment.config import Assignment
from autograder.formats import emitters
from autograder.formats.whole_files import as_json
from autograder.grading.report import not_run
from autograder.platforms import contents
from autograder.platforms.artefacts import student
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File, zipped

PROGRAM = "autograder.platforms.inside.on_prairielearn"
ENTRY_POINT = "/grade/tests/run.sh"  # where tests/ of the question lies in the container
MOST_SECONDS = 600  # PrairieLearn's own limit, after which it reads no results


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of prairielearn.zip: a question of a course, and what its image is built from.

    Raises KitError if the grading would not fit into the time, or students would be told too much.
    """
    question = f"questions/{contents.slug(assignment)}"
    seconds = contents.seconds_of_a_job(assignment, "PrairieLearn", MOST_SECONDS)
    handout = zipped(student.files(assignment))
    page = {"questions": assignment.questions, "files": assignment.settings.files}
    first = emitters.prairielearn(not_run(assignment, list(assignment.questions), 0))
    run = {"seconds": seconds - contents.TO_END}
    built = {
        "info.json": File(as_json(info(assignment, seconds))),
        "question.html": File(contents.rendered("prairielearn/question.html.j2", page)),
        "clientFilesQuestion/student.zip": File(handout),
        "tests/run.sh": File(contents.rendered("prairielearn/run.sh.j2", run), runs=True),
        "tests/grade.py": contents.started_by(PROGRAM),
        "tests/first_results.json": File(as_json(first)),
    }
    built |= contents.kit_files(assignment, "tests/kit")
    image = contents.image(
        assignment, contents.PYTHON_IMAGE, "PrairieLearn mounts it at /grade/tests."
    )
    return {f"{question}/{name}": file for name, file in built.items()} | {
        f"image/{name}": file for name, file in image.items()
    }


def info(assignment: Assignment, seconds: int) -> dict[str, Any]:
    """Return the question's info.json. Its uuid is the same in every build of an assignment."""
    asked = assignment.settings.prairielearn
    digest = hashlib.sha256(assignment.settings.assignment.encode()).digest()
    return {
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)),
        "title": assignment.settings.assignment,
        "topic": asked.topic,
        "tags": ["code"],
        "type": "v3",
        "singleVariant": True,
        "showCorrectAnswer": False,
        "partialCredit": True,
        "gradingMethod": "External",
        "externalGradingOptions": {
            "enabled": True,  # older servers want it, newer ones may do without
            "image": asked.image,
            "entrypoint": ENTRY_POINT,
            "timeout": seconds,
            "enableNetworking": False,
        },
    }


ARTEFACT = Artefact(
    "prairielearn",
    "a question for a PrairieLearn course, and the Dockerfile of its image",
    files,
    "PrairieLearn: unpack into the course; build and push image/ under the name in "
    "prairielearn.image; sync the course.",
)
