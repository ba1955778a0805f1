"""See what your code does: python -m checks.show q1 draws it beside what was expected.

In a notebook of your own:  from checks.show import show; show("q1")  draws what vit.py does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from checks.code.contract import DRAWN, QUESTIONS
from checks.running.facts import FACTS, STUDENT, read_facts
from checks.running.local import LocalTransport
from checks.telling import wording
from checks.telling.failures import CheckFailed, StudentError

if TYPE_CHECKING:
    from checks.show.pictures import Picture
    from checks.show.views import View

HELP = """\
Draw what your code does beside what was expected, and save it as a picture.

q1  the patches of a digit: those that differ are framed and crossed
q2  your table of positions, the expected one, and how far apart they are
q3  the attention map of each head, with random weights
q5  which patch of the image each token of your model changes with
The other questions have nothing of this kind to show, and say where to look instead.

The picture shows one example. That it is as expected does not mean that every check passes.
"""
EPILOG = """\
examples
  python -m checks.show q1                    writes pictures/q1.png
  python -m checks.show q3 --out attention.png

The status is 0 if a picture was drawn, whether or not it is as expected, and 1 if your code
could not be run.
"""


def main(arguments: Sequence[str] | None = None, folder: Path = STUDENT) -> int:
    """Draw what the vit.py of a folder does; return the status of the command."""
    options = _options(arguments)
    out = options.out or Path("pictures", f"{options.question}.png")
    view = _seen(options.question, folder / "vit.py")
    if view is None:
        return 1
    if view.picture is None:
        return 0
    from checks.show import pictures

    try:
        pictures.save(view.picture, out)
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror}. Name another file with --out.")
        return 1
    print(f"saved: {out}")
    return 0


def show(question: str, file: Path = STUDENT / "vit.py") -> Picture | None:
    """Return the picture of a question, which a notebook shows; print how it compares.

    file     the code. Default: the vit.py beside checks/
    returns  None where there is no picture; what is printed says why
    """
    if question not in (known := questions()):
        raise ValueError(f"there is no question {question!r}: choose from {', '.join(known)}")
    view = _seen(question, file)
    return view.picture if view else None


def questions() -> tuple[str, ...]:
    """Return the questions of the assignment; where nothing says which, those of the contract."""
    return tuple(read_facts(FACTS).questions or dict.fromkeys([*DRAWN, *QUESTIONS.values()]))


def _seen(question: str, file: Path) -> View | None:
    """Draw, and print what is seen. Where the student's code fails, say how and return None."""
    from checks.show import pictures
    from checks.show.views import VIEWS, View

    if question not in VIEWS:
        print(f"{question}  There is no picture of it. Those with one: {', '.join(DRAWN)}.")
        return View(None, True, "")
    student = LocalTransport({"vit": file}, read_facts(FACTS).forbidden)
    try:
        with torch.random.fork_rng(devices=[]), pictures.styled():
            torch.manual_seed(0)
            view = VIEWS[question](student.module("vit"))
    except (Exception, SystemExit) as error:  # whatever a student's code raises
        found = student.student_error(error)
        if not isinstance(found, (CheckFailed, StudentError)):
            raise
        print(f"{question}  {_in_words(found)}")
        return None
    print(f"{question}  {view.said}")
    return view


def _in_words(error: CheckFailed | StudentError) -> str:
    verdict, words = wording.explain(error)
    return f"{verdict.value}: {words}" if verdict is wording.Verdict.NOT_STARTED else words


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m checks.show",
        description=HELP,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("question", choices=questions(), help="which one to look at")
    parser.add_argument(
        "--out", type=Path, help="the file to write (default: pictures/QUESTION.png)"
    )
    return parser.parse_args(arguments)
