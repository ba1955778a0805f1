"""What GitHub Classroom is given: the students' template repository, and the teacher's part."""

from __future__ import annotations

import math

from autograder.assignment.config import Assignment
from autograder.platforms import contents
from autograder.platforms.artefacts.artefact import Artefact
from autograder.platforms.bundle import File, zipped
from autograder.platforms.contents import rendered
from autograder.platforms.secrecy import refuse_secrets

TEMPLATE = "template"  # the folder in the zip that students get
PRIVATE = "private"
WORKFLOW = ".github/workflows/classroom.yml"  # where Classroom looks for it
IGNORED = b"__pycache__/\n.pytest_cache/\n.ipynb_checkpoints/\n.venv/\n*-ubyte\n"
SPARE = 60  # seconds between the grader's own limit and that of its step
INSTALLING = (
    15  # minutes that a job has beside its grading: packages are fetched, Python is started
)
VISIBLE_CHECKS = {  # steps where there is no token, and what each runs
    "Install what the visible checks need": "python -m pip install --quiet -r requirements-cpu.txt",
    "Visible checks (no points)": "python -m pytest",
}
SCRIPTS = ("install.sh", "grade.sh", "question.sh", "points.sh")


def files(assignment: Assignment) -> dict[str, File]:
    """Return the files of classroom.zip. Raises KitError if students would be told too much."""
    return template(assignment) | {
        f"{PRIVATE}/grader.zip": File(zipped(grader(assignment))),
        f"{PRIVATE}/README.md": File(
            rendered(
                "classroom/README.md.j2",
                {"assignment": assignment.settings.assignment, "points": assignment.points},
            )
        ),
    }


def template(assignment: Assignment) -> dict[str, File]:
    """Return the repository that each student gets a copy of: the handout, and a workflow."""
    limit = assignment.settings.limits.seconds_on_the_clock
    minutes = math.ceil((limit + SPARE) / 60)
    context = {
        "questions": assignment.questions,
        "minutes": minutes,
        "minutes_of_the_job": minutes + INSTALLING,
        "visible": VISIBLE_CHECKS,
    }
    handout = contents.student_files(assignment)
    given = {name.removeprefix("student/"): file for name, file in handout.items()}
    given[WORKFLOW] = File(rendered("classroom/workflow.yml.j2", context))
    given[".gitignore"] = File(IGNORED)
    refuse_secrets(given, assignment, f"classroom.zip, {TEMPLATE}/")
    return {f"{TEMPLATE}/{name}": file for name, file in given.items()}


def grader(assignment: Assignment) -> dict[str, File]:
    """Return what the workflow fetches: the kit, and the scripts that its steps run."""
    context = contents.torch_builds(assignment)
    packed = contents.kit_files(assignment, "kit") | contents.requirements(assignment)
    for name in SCRIPTS:
        packed[name] = File(rendered(f"classroom/{name}.j2", context), runs=True)
    return packed


ARTEFACT = Artefact(
    "classroom",
    "GitHub Classroom: the students' template repository, and your private part",
    files,
    "GitHub Classroom: follow private/README.md in it. Only template/ is for students.",
)
