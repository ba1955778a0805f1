"""Say what lies in each zip: the files of the kit that a student or a grading container needs."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from packaging.requirements import Requirement

from autograder.assignment.config import BUILT, Assignment
from autograder.assignment.provenance import provenance, suite_files
from autograder.errors import KitError
from autograder.formats.gradescope import results
from autograder.formats.whole_files import as_json
from autograder.grading.report import not_run
from autograder.handout.skeleton import handed_out
from autograder.platforms.bundle import File

PROJECT = "vit-autograder"
PINS = "constraints.txt"
PYTHON_IMAGE = "python:3.12.13-slim-bookworm"  # what images start from, pinned like the packages
TO_START = 20  # seconds that a job has beside the grading: torch is read, results are written
TO_END = 8  # so many seconds before a platform would, the entry point ends the grading
CPU_BUILDS = ("torch", "torchvision")
TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("autograder.platforms"),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # these are no web pages
)


def student_files(assignment: Assignment) -> dict[str, File]:
    """Return the handout folder."""
    return {f"student/{name}": File(text) for name, text in handed_out(assignment).items()}


def kit_files(assignment: Assignment, folder: str) -> dict[str, File]:
    """Return what grades, under a folder: no solution but what is given to students anyway."""
    files: dict[str, Path] = dict(suite_files(assignment))
    package = Path(__file__).resolve().parents[1]
    for path in sorted(package.rglob("*.py")):
        files[path.relative_to(package.parent).as_posix()] = path
    made = {
        BUILT: provenance(assignment),
        "first_results.json": results(
            not_run(assignment, list(assignment.questions), 0), assignment.settings.gradescope
        ),
    }
    return {f"{folder}/{name}": File(path.read_bytes()) for name, path in files.items()} | {
        f"{folder}/{name}": File(as_json(content)) for name, content in made.items()
    }


def scripts(assignment: Assignment, kit: str, program: str, extra: str = "") -> dict[str, File]:
    """Return what sets a grading container up, and what runs in it.

    kit      the folder in the zip that the kit lies in
    program  what Python is to run for a submission
    extra    of the project's dependencies, such as "otter"
    """
    context = torch_builds(assignment) | {"kit": kit, "program": program}
    return requirements(assignment, extra) | {
        "setup.sh": File(rendered("setup.sh.j2", context), runs=True),
        "run_autograder": File(rendered("run_autograder.j2", context), runs=True),
    }


def image(assignment: Assignment, base: str, comes_with: str) -> dict[str, File]:
    """Return what an image is built from that has all but the kit.

    base        what it starts from
    comes_with  how the kit gets into the container, in a sentence
    """
    context = torch_builds(assignment) | {"base": base, "comes_with": comes_with}
    return requirements(assignment) | {"Dockerfile": File(rendered("Dockerfile.j2", context))}


def started_by(program: str) -> File:
    """Return a script that grades with the kit beside it, which is installed nowhere."""
    return File(rendered("grade.py.j2", {"program": program}))


def slug(assignment: Assignment) -> str:
    """Return the assignment's title as the name of a folder: small letters, digits and hyphens."""
    return (
        re.sub(r"[^a-z0-9]+", "-", assignment.settings.assignment.lower()).strip("-")
        or "assignment"
    )


def seconds_of_a_job(assignment: Assignment, platform: str, most: int) -> int:
    """Return the time limit that a platform is told: the grading's own, and what is around it.

    most  seconds that the platform allows. Raises KitError where it would end a grading itself, and
          show nothing of it.
    """
    limit = assignment.settings.limits.seconds_on_the_clock
    if limit + TO_START > most:
        raise KitError(
            "grading.yml",
            f"with limits.seconds_on_the_clock: {limit:g} a grading may come to {platform}'s limit "
            f"of {most} s, after which there are no results",
            f"write {most - TO_START} or less",
        )
    return int(limit + TO_START)


def requirements(assignment: Assignment, extra: str = "") -> dict[str, File]:
    """Return what is to be installed, and its exact versions.

    extra  of the project's dependencies, such as "otter"
    """
    return {
        "requirements.txt": File("".join(f"{line}\n" for line in _requirements(extra)).encode()),
        "requirements.lock": File(_read(assignment.root / PINS).encode()),
    }


def torch_builds(assignment: Assignment) -> dict[str, Any]:
    """Return where torch comes from, and which builds of it: what templates are filled with."""
    pins = _read(assignment.root / PINS)
    return {
        "torch_index": assignment.settings.install.torch_index,
        "cpu_builds": [f"{name}=={_pinned(pins, name)}+cpu" for name in CPU_BUILDS],
    }


def _requirements(extra: str) -> list[str]:
    """Return what the project needs to run, and what an extra of it needs."""
    wanted = []
    for line in importlib.metadata.requires(PROJECT) or []:
        requirement = Requirement(line)
        marker, requirement.marker = requirement.marker, None
        if marker is None or (extra and marker.evaluate({"extra": extra})):
            wanted.append(str(requirement))
    if not wanted:
        raise KitError(PROJECT, "it is not installed, so what it needs is not known",
                       "run `python -m pip install -c constraints.txt -e .`")  # fmt: skip
    return sorted(wanted)


def _pinned(pins: str, name: str) -> str:
    found = re.search(rf"^{name}==(\S+)$", pins, flags=re.M)
    if found is None:
        raise KitError(PINS, f"it does not pin {name}", f"add a line `{name}==VERSION`")
    return found[1]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise KitError(str(path), f"cannot be read: {error.strerror}",
                       "build from a whole copy of the kit") from None  # fmt: skip


def rendered(template: str, context: Mapping[str, Any]) -> bytes:
    """Return a file made from a template."""
    return TEMPLATES.get_template(template).render(context).encode()
