"""What commands are asked for: some questions, other digits, a machine that confines student code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from autograder.errors import KitError

if TYPE_CHECKING:
    from autograder.assignment.config import Assignment
    from autograder.classroom.report.history import Run
    from autograder.formats.seen import When
    from autograder.isolation.layers import Layer


def the_kit(is_long: bool = False) -> Assignment:
    """Return the kit around the current folder. Raises KitError where its grading.yml is wrong.

    is_long  what is done takes its time: first tell which kit it is, if the current folder does not
    """
    from autograder.assignment.config import load
    from autograder.cli.which import which
    from autograder.isolation.forking.early import has_started_over

    kit = load()
    told = not is_long or has_started_over()
    for line in () if told else which(kit.root, Path.cwd().resolve()):
        Console(stderr=True, highlight=False).print(line, markup=False, soft_wrap=True)
    return kit


def questions_of(only: Sequence[str] | None, assignment: Assignment) -> list[str]:
    """Return the questions that --only names, once or several times; all if it names none."""
    asked = ",".join(only or ())
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name in assignment.by_hand:
            raise KitError(f"--only {asked}", f"{name} is marked by hand", "leave it out here")
        if name not in assignment.questions:
            known = ", ".join(assignment.questions)
            raise KitError(
                f"--only {asked}", f"there is no question {name}", f"choose from {known}"
            )
    return [name for name in assignment.questions if not names or name in names]


def when_asked(after_due: bool, published: bool) -> When:
    """Return what students may see in their feedback: the later of what was said."""
    from autograder.formats.seen import When

    if published:
        return When.PUBLISHED
    return When.AFTER_DUE if after_due else When.BEFORE_DUE


def boundaries_of(text: str, most: float) -> tuple[float, ...]:
    """Return the points at which grades begin, from the lowest on. Raises KitError.

    most  the points that there are: no grade begins above them
    """
    try:
        found = sorted({float(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = [-1.0]
    if not all(0 <= points < float("inf") for points in found):
        raise KitError(f"--boundaries {text}", "these are no numbers of points",
                       "write them with commas between: 50,65,80")  # fmt: skip
    if found and found[-1] > most:
        raise KitError(f"--boundaries {text}",
                       f"there are only {most:g} points, so nobody has {found[-1]:g}",
                       "write them in points, not in percent")  # fmt: skip
    return tuple(found)


def earlier_run(out: Path, assignment: Assignment) -> Run:
    """Return what is told of an earlier run of this assignment. Raises KitError."""
    from autograder.classroom.report.history import read_run

    batch, run = read_run(out)
    title = assignment.settings.assignment
    if batch.assignment != title:
        raise KitError(f"--earlier {out}", f"it holds another assignment, {batch.assignment!r}",
                       f"name an output of {title!r}")  # fmt: skip
    return run


def data_folder(path: Path | None) -> Path | None:
    from autograder.assignment.exercise import DATA_SET, RAW

    if path is not None and not (path / RAW).is_dir():
        raise KitError(f"--data {path}", f"there is no {RAW}/ in it",
                       f"name the folder that torchvision's {DATA_SET}(root) takes")  # fmt: skip
    return path


def layers_here(assignment: Assignment) -> Sequence[Layer]:
    from autograder.isolation.doctor import layers
    from autograder.isolation.forking.forks import ForkServer

    server = ForkServer()
    try:
        return layers(server, assignment)
    finally:
        server.close()


def mind_confinement(layers: Sequence[Layer], strict: bool) -> None:
    """Warn where a student's code could read answers; with --strict, refuse any open layer."""
    from autograder.isolation.layers import NEEDED, READING

    missing = [layer for layer in layers if not layer.holds and layer.name in NEEDED]
    if strict and missing:
        names = ", ".join(layer.name for layer in missing)
        raise KitError("--strict", f"student code is not confined here: {names}",
                       "see `autograder doctor`, or grade in a container on Linux")  # fmt: skip
    for layer in missing:
        if layer.name == READING:
            warning = f"Warning: {layer.meaning}\nSee `autograder doctor`."
            Console(stderr=True, highlight=False).print(warning, markup=False, soft_wrap=True)
