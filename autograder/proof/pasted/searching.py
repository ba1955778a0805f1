"""Find by running what functions in student/ give an answer away, whatever they look like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.isolation.workers import Listener
from autograder.proof import corpus
from autograder.proof.corpus import Slip
from autograder.proof.pasted import cases

MISTAKEN = 1  # submissions with a mistake in every question, that the visible tests run on
STEP = "calling what students get"


@dataclass(frozen=True)
class Searched:
    """What was found.

    lines   one for each answer that a function gives
    called  how many functions
    left    functions that hung, or ended their process
    """

    lines: tuple[str, ...] = ()
    called: int = 0
    left: tuple[str, ...] = ()


def search(
    assignment: Assignment, on_progress: Listener | None = None, folder: Path | None = None
) -> Searched:
    """Call every function of a folder, student/ if none is named, with what its questions give.

    Raises KitError where the search itself fails.
    """
    if not (assignment.root / cases.FILE).exists():
        return Searched()
    with tempfile.TemporaryDirectory() as temporary:
        task: dict[str, object] = {
            "kit": str(assignment.root),
            "folder": str((folder or assignment.student).resolve()),
            "submissions": list(map(str, _laid_out(assignment, Path(temporary)))),
        }
        return _run(task, on_progress)


def _laid_out(assignment: Assignment, folder: Path) -> Iterator[Path]:
    """Yield folders of submissions: the solution, and some with a known mistake in every question.

    Much is only made where a test fails. The mistakes do not meet: a question is tested by itself.
    """
    yield corpus.lay_out([], assignment, folder / "right")
    by_question: dict[str, list[Slip]] = {}
    for slip in corpus.slips(assignment):
        if slip.common == "common" and slip.says:
            by_question.setdefault(slip.costs, []).append(slip)
    for number in range(MISTAKEN):
        chosen: list[Slip] = []
        for slips in by_question.values():
            for slip in slips[number::MISTAKEN]:
                if _fits([*chosen, slip], assignment, folder / "tried"):
                    chosen.append(slip)
                    break
        yield corpus.lay_out(chosen, assignment, folder / str(number))


def _fits(slips: Sequence[Slip], assignment: Assignment, folder: Path) -> bool:
    try:
        corpus.lay_out(slips, assignment, folder)
    except KitError:  # another one has changed the same place
        return False
    return True


def _run(task: dict[str, object], on_progress: Listener | None) -> Searched:
    around = {
        **os.environ,
        "PYTHONPATH": str(task["folder"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
    }
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.proof.pasted"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=around,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            json.dump(task, process.stdin)
            process.stdin.close()
            for line in process.stdout:
                news = json.loads(line)
                if "lines" in news:
                    return Searched(tuple(news["lines"]), news["called"], tuple(news["left"]))
                if on_progress is not None:
                    on_progress(news["done"], news["of"], STEP)
        said.seek(0)
        raise KitError("autograder check", "the functions of student/ could not be called: "
                       f"{said.read()[-600:]}")  # fmt: skip
