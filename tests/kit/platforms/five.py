"""The five submissions that every platform is tried with, and what each must earn."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.grading.grade import Grader
from autograder.proof.corpus import attacks, lay_out_attack

Submissions = Mapping[str, Path | None]
Points = Mapping[str, float]

NAMES = ("solution", "skeleton", "half-done", "hostile", "missing")
ALL = {"q1": 15, "q2": 15, "q3": 25, "q4": 15, "q5": 15, "q6": 10, "q7": 5}
NOTHING = dict.fromkeys(ALL, 0)
HOSTILE = "forging/results_file_everywhere"


def submissions(assignment: Assignment, place: Path) -> Submissions:
    """Return the five by name, laid out under a folder where they are not there already.

    "missing" is None: nothing was handed in.
    """
    half, hostile = place / "half", place / "hostile"
    half.mkdir()
    hostile.mkdir()
    done = (assignment.solution / "vit.py").read_text()
    todo = (assignment.student / "vit.py").read_text()
    # q1 and q2 are done, in q2 with a wrong base; the rest is as in the skeleton.
    rest = todo[todo.index("class MyMSA") :]
    begin = done[: done.index("class MyMSA")]
    (half / "vit.py").write_text(begin.replace("10000 **", "1000 **") + rest)
    shutil.copy(assignment.student / "train.py", half)
    attack = next(one for one in attacks(assignment) if one.name == HOSTILE)
    lay_out_attack(attack, assignment, hostile)
    folders = (assignment.solution, assignment.student, half, hostile, None)
    return dict(zip(NAMES, folders, strict=True))


def expected(grader: Grader, folders: Submissions) -> Mapping[str, Points]:
    """Return what `autograder grade` gives each of them."""
    half_done = folders["half-done"]
    assert half_done is not None
    half = {q.id: q.points for q in grader.grade(half_done, seed=1).questions}
    assert 0 < half["q2"] < 15 == half["q1"]
    return dict.fromkeys(NAMES, NOTHING) | {"solution": ALL, "half-done": half}
