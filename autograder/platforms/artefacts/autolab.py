"""What an Autolab course is given."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML

from autograder.assignment.config import Assignment
from autograder.formats import emitters
from autograder.grading.report import not_run
from autograder.platforms import contents
from autograder.platforms.artefacts import student
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File, tarred, zipped

BASE = "autograding_image"  # what an installation of Autolab calls its own image
PROGRAM = "autograder.platforms.inside.on_autolab"
INSIDE = "autograder"  # the folder in autograde.tar
HANDED_IN = "handin.zip"
MOST_MB = 10  # of what is handed in
MOST_SECONDS = 900  # Autolab's own limit


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of autolab.zip: an assessment to import, its two files for grading, its image.

    Raises KitError if the grading would not fit into the time, or students would be told too much.
    """
    name = _name(assignment)
    seconds = contents.seconds_of_a_job(assignment, "Autolab", MOST_SECONDS)
    nothing = emitters.autolab(not_run(assignment, list(assignment.questions), 0))
    run = {"seconds": seconds - contents.TO_END, "nothing": nothing}
    grader = contents.kit_files(assignment, f"{INSIDE}/kit") | {
        f"{INSIDE}/run.sh": File(contents.rendered("autolab/run.sh.j2", run), runs=True),
        f"{INSIDE}/grade.py": contents.started_by(PROGRAM),
    }
    to_grade = {
        "autograde.tar": File(tarred(grader)),
        "autograde-Makefile": File(contents.rendered("autolab/Makefile.j2", run)),
    }
    whole = to_grade | {
        f"{name}.yml": File(_yaml(settings(assignment, name, seconds))),
        f"{name}.rb": File(contents.rendered("autolab/config.rb.j2", {"name": name})),
        f"{name}-handout.zip": File(zipped(student.files(assignment))),
    }
    assessment = tarred({f"{name}/{path}": file for path, file in whole.items()})
    image = contents.image(assignment, BASE, "it is in autograde.tar, which comes with every job.")
    return (
        to_grade
        | {f"{name}.tar": File(assessment)}
        | {f"image/{path}": file for path, file in image.items()}
    )


def settings(assignment: Assignment, name: str, seconds: int) -> dict[str, Any]:
    """Return what the assessment's YAML says: each question is a problem."""
    asked = assignment.settings.autolab
    return {
        "general": {
            "name": name,
            "display_name": assignment.settings.assignment,
            "description": "",
            "category_name": asked.category,
            "handin_filename": HANDED_IN,
            "handin_directory": "handin",
            "handout": f"{name}-handout.zip",
            "writeup": "",
            "max_grace_days": 0,
            "max_submissions": -1,
            "max_size": MOST_MB,
            "disable_handins": False,
        },
        "problems": [
            {"name": id_, "description": q.title, "max_score": float(q.points), "optional": False}
            for id_, q in assignment.questions.items()
        ],
        "autograder": {
            "autograde_timeout": seconds,
            "autograde_image": asked.image,
            "release_score": True,
        },
    }


def _yaml(content: dict[str, Any]) -> bytes:
    written = io.BytesIO()
    YAML().dump(content, written)
    return written.getvalue()


def _name(assignment: Assignment) -> str:
    """Return the assessment's name as Autolab makes one of a title: small letters and digits."""
    name = re.sub(r"[^a-z0-9]", "", assignment.settings.assignment.lower())
    return name if name[:1].isalpha() else f"a{name}"  # it becomes the name of a module in Ruby


ARTEFACT = Artefact(
    "autolab",
    "an assessment to import into Autolab, with autograde.tar and its Makefile",
    files,
    "Autolab: Install Assessment, import the .tar; build image/ under the name in autolab.image.",
)
