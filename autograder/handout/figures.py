"""Draw the handout's figures into student/figures/: solution/figures.py has one function for each.

The numbers that the text tells of them are kept beside it, in solution/figures.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.assignment.config import Assignment
from autograder.assignment.sources import run_source
from autograder.errors import KitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCE = "figures.py"  # in solution/
NUMBERS = "figures.json"  # in solution/
FOLDER = Path("figures")  # in student/
SUFFIXES = (".svg", ".png")


@dataclass(frozen=True)
class Illustration:
    """One figure: its file's name, what it says in words, and what draws it.

    draw     gets what `material` of solution/figures.py has prepared for all of them
    trained  numbers in it come from a training: they may differ a little from machine to machine
    """

    name: str
    alt: str
    draw: Callable[[Any], Figure]
    trained: bool = False


def illustrations(assignment: Assignment) -> Mapping[str, Illustration]:
    """Return the handout's figures by name. Raises KitError."""
    found: Mapping[str, Illustration] = run_source(assignment.solution / SOURCE).FIGURES
    return found


def numbers(assignment: Assignment) -> Mapping[str, Any]:
    """Return what the committed figures show, by name. Raises KitError."""
    path = assignment.solution / NUMBERS
    try:
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KitError(f"solution/{NUMBERS}", f"cannot be read: {error}",
                       "run `autograder figures`") from None  # fmt: skip
    return found


def material(assignment: Assignment, *most: int) -> Any:
    """Return what is drawn, which takes a training; `most` digits make it short."""
    return run_source(assignment.solution / SOURCE).material(assignment, *most)


def drawn(assignment: Assignment, name: str, content: object) -> Figure:
    """Return one of the figures."""
    from checks.show import pictures

    with pictures.styled():
        return illustrations(assignment)[name].draw(content)


def write(assignment: Assignment) -> list[Path]:
    """Draw every figure anew into student/figures/; return the files."""
    from checks.show import pictures

    folder, content = assignment.student / FOLDER, material(assignment)
    folder.mkdir(exist_ok=True)
    files = []
    for name in illustrations(assignment):
        picture = drawn(assignment, name, content)
        with pictures.styled(**{"svg.hashsalt": name}):  # the same figure, the same file
            for suffix in SUFFIXES:
                path = folder / f"{name}{suffix}"
                nothing = (
                    {"Date": None, "Creator": None} if suffix == ".svg" else {"Software": None}
                )
                picture.savefig(path, dpi=pictures.DPI, metadata=nothing)
                files.append(path)
    told = assignment.solution / NUMBERS
    told.write_text(json.dumps(content.numbers, indent=2) + "\n", encoding="utf-8")
    return [*files, told]
