"""See what your code does: python -m checks.show q1 draws it beside what was expected.

In a notebook:  from checks.show import show; show("q1", vit)  with the module that holds your code,
or show("q1", globals()) where the notebook itself defines it.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch

from checks import wording
from checks.contract import NAMES
from checks.facts import read_facts
from checks.failures import CheckFailed, StudentError, own_frames, student_error
from checks.loading import Submission

if TYPE_CHECKING:
    from checks.pictures import Picture
    from checks.views import View

HERE = Path(__file__).resolve().parent
QUESTIONS = ("q1", "q2", "q3", "q4", "q5", "q6", "q7")
HELP = """\
Draw what your code does beside what was expected, and save it as a picture.

q1  the patches of a digit: those that differ are framed and crossed
q2  your table of positions, the expected one, and how far apart they are
q3  the attention map of each head, with random weights
q5  which patch of the image each token of your model changes with
q4, q6 and q7 have nothing of this kind to show, and say where to look instead.

The picture shows one example. That it is as expected does not mean that every check passes.
"""
EPILOG = """\
examples
  python -m checks.show q1                    writes pictures/q1.png
  python -m checks.show q3 --out attention.png

The status is 0 if a picture was drawn, whether or not it is as expected, and 1 if your code
could not be run.
"""


def main(arguments: Sequence[str] | None = None, folder: Path = HERE.parent) -> int:
    """Draw what the vit.py of a folder does; return the status of the command."""
    options = _options(arguments)
    out = options.out or Path("pictures", f"{options.question}.png")
    view = _seen(options.question, _OfFolder(folder))
    if view is None:
        return 1
    if view.picture is None:
        return 0
    from checks import pictures

    try:
        pictures.save(view.picture, out)
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror}. Name another file with --out.")
        return 1
    print(f"saved: {out}")
    return 0


def show(question: str, vit: ModuleType | Mapping[str, Any] | None = None) -> Picture | None:
    """Return the picture of a question, which a notebook shows; print how it compares.

    vit      the module with your code, or the names of your notebook: globals().
             Default: the vit.py beside checks/
    returns  None where there is no picture; what is printed says why
    """
    if question not in QUESTIONS:
        raise ValueError(f"there is no question {question!r}: choose from {', '.join(QUESTIONS)}")
    view = _seen(question, _OfFolder(HERE.parent) if vit is None else _Given(vit))
    return view.picture if view else None


class _OfFolder:
    """The vit.py of a folder, read when the first of its names is asked for."""

    def __init__(self, folder: Path) -> None:
        forbidden = read_facts(HERE / "assignment.json").forbidden
        self._submission = Submission({"vit": folder / "vit.py"}, forbidden)
        if not (folder / "vit.py").is_file():
            self._submission.sources.clear()

    def __getattr__(self, name: str) -> object:
        return self._submission.lookup("vit", name)

    def files_(self) -> list[Path]:
        return self._submission.files


class _Given:
    """Names that are there already, in a module or in a notebook."""

    def __init__(self, vit: ModuleType | Mapping[str, Any]) -> None:
        self._names = vit if isinstance(vit, Mapping) else vars(vit)
        self._file = Path(self._names.get("__file__") or "your notebook").name

    def __getattr__(self, name: str) -> object:
        if name not in self._names:
            raise StudentError("absent", wording.absent(self._file, name, []))
        return self._names[name]

    def files_(self) -> list[Path]:
        """Return the files of the code; each cell of a notebook has one of its own."""
        functions = [self._names.get(name) for name in NAMES["vit.py"]]
        functions += [
            part for one in functions if isinstance(one, type) for part in vars(one).values()
        ]
        codes = [getattr(function, "__code__", None) for function in functions]
        return list(dict.fromkeys(Path(code.co_filename) for code in codes if code))


def _seen(question: str, vit: _OfFolder | _Given) -> View | None:
    """Draw, and print what is seen. Where the student's code fails, say how and return None."""
    from checks import pictures
    from checks.views import VIEWS

    try:
        with torch.random.fork_rng(devices=[]), pictures.styled():
            torch.manual_seed(0)
            view = VIEWS[question](vit)
    except (Exception, SystemExit) as error:  # whatever a student's code raises
        words = _in_words(error, vit.files_())
        if words is None:
            raise
        print(f"{question}  {words}")
        return None
    print(f"{question}  {view.said}")
    return view


def _in_words(error: BaseException, files: Collection[Path]) -> str | None:
    """Say what a student's code did instead of returning; None if the error is not its."""
    if not isinstance(error, (CheckFailed, StudentError)):
        signature = isinstance(error, TypeError) and "argument" in str(error)
        if not signature and not own_frames(error.__traceback__, files):
            return None
        error = student_error(error, files)
    verdict, words = wording.explain(error)
    return f"{verdict.value}: {words}" if verdict is wording.Verdict.NOT_STARTED else words


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m checks.show",
        description=HELP,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("question", choices=QUESTIONS, help="which one to look at")
    parser.add_argument(
        "--out", type=Path, help="the file to write (default: pictures/QUESTION.png)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a path may hold what an old console cannot print
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
