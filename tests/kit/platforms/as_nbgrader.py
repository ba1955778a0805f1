"""Grade as an nbgrader course does: real commands, from quickstart to the exported table."""

from __future__ import annotations

import ast
import contextlib
import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from autograder.assignment.points import total_of
from kit.platforms.five import ALL, NOTHING, Points
from kit.workbench import PATIENCE

INSTALLED = importlib.util.find_spec("nbgrader") is not None
LINE = 'load_subconfig("grader/nbgrader_config.py")'
BOOK = "assignment.ipynb"
KINDS = ("CONFIG", "DATA", "RUNTIME")  # of Jupyter's folders
MARKS = """
import json, sys
from nbgrader.api import Gradebook, MissingEntry
with Gradebook("sqlite:///gradebook.db") as book:
    rows = {}
    for student in sys.argv[2:]:
        try:
            graded = book.find_submission_notebook("assignment", sys.argv[1], student).grades
        except MissingEntry:
            graded = []
        rows[student] = {g.name: [g.score, g.max_score, g.needs_manual_grade] for g in graded}
print(json.dumps(rows))
"""


class Mark(NamedTuple):
    """A question's mark in nbgrader's gradebook."""

    score: float
    most: float
    needs_a_look: bool  # by a person


Marks = Mapping[str, Mark]  # by question


class Course:
    """A course made by quickstart, with the zip unpacked in it and the assignment released."""

    def __init__(self, archive: Path, place: Path) -> None:
        self.place, self.root = place, place / "course"
        own = {f"JUPYTER_{kind}_DIR": str(place / kind) for kind in KINDS}
        own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # of alembic
        self.environment = {**os.environ, **own}
        self.nbgrader("quickstart", "course", cwd=place)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(self.root)
        [source] = self.root.glob(f"source/*/{BOOK}")
        self.name, self.config = source.parent.name, self.root / "nbgrader_config.py"
        with self.config.open("a") as file:
            file.write(f"\n{LINE}\n")
        self.nbgrader("generate_assignment", self.name)
        self.release = self.root / "release" / self.name

    def nbgrader(
        self, *arguments: object, cwd: Path | None = None, status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        told = subprocess.run(
            [sys.executable, "-m", "nbgrader", *map(str, arguments)],
            cwd=cwd or self.root, env=self.environment, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert told.returncode == status, told.stderr[-4000:]
        return told

    def submitted(self, student: str) -> Path:
        """Return a folder with a copy of the release, as this student's."""
        folder = self.root / "submitted" / student / self.name
        shutil.copytree(self.release, folder)
        return folder

    def marks(self, *students: str) -> dict[str, Marks]:
        """Return what the gradebook has of each of these students."""
        told = subprocess.run(
            [sys.executable, "-c", MARKS, self.name, *students],
            cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=PATIENCE,
            check=True,
        )  # fmt: skip
        return {
            student: {name: Mark(*mark) for name, mark in marks.items()}
            for student, marks in json.loads(told.stdout).items()
        }

    def feedback(self, student: str) -> str:
        """Return the page that this student gets."""
        self.nbgrader("generate_feedback", self.name, "--student", student)
        return (self.root / "feedback" / student / self.name / "assignment.html").read_text()

    def exported(self) -> dict[str, str]:
        """Return the score of every student in the exported table."""
        self.nbgrader(
            "export", "--to", self.place / "grades.csv", "--assignment", f"['{self.name}']"
        )
        with (self.place / "grades.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["assignment"] == self.name]
        return {row["student_id"]: row["score"] for row in rows}


@contextlib.contextmanager
def there(archive: Path, place: Path) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a submission, whose files are put into the cells of the release."""
    if not INSTALLED:
        pytest.skip("the extra [nbgrader] is not installed")
    course, number = Course(archive, place), 0

    def grade(submission: Path | None) -> Points:
        nonlocal number
        number += 1
        student = f"student-{number}"
        course.nbgrader("db", "student", "add", student)
        if submission is None:
            assert float(course.exported()[student]) == 0
            assert course.marks(student) == {student: {}}
            return NOTHING
        fill(course.submitted(student) / BOOK, submission)
        course.nbgrader("autograde", course.name, "--student", student)
        marks = course.marks(student)[student]
        points = {name: mark.score for name, mark in marks.items()}
        assert {name: mark.most for name, mark in marks.items()} == ALL
        assert float(course.exported()[student]) == total_of(points.values())
        page = course.feedback(student)
        assert all(f"{name}  " in page for name in ALL)
        return points

    yield grade


def fill(notebook: Path, folder: Path) -> None:
    """Put a folder's files into a released notebook: definitions into their cells, the rest above.

    What vit.py calls when it is imported is called here as well: in a notebook, only what a definition
    needs is run.
    """
    content = read(notebook)
    answers = [cell for cell in content["cells"] if name_of(cell).endswith("-answer")]
    rest, calls = [], []
    for file in ("vit.py", "train.py"):
        text = (folder / file).read_text()
        pieces = [(ast.get_source_segment(text, node), node) for node in ast.parse(text).body]
        for cell in answers:
            wanted = {node.name for node in ast.parse(cell["source"]).body}
            own = [source for source, node in pieces if getattr(node, "name", "") in wanted]
            if own:
                cell["source"] = "\n\n\n".join(own)
        names = {node.name for cell in answers for node in ast.parse(cell["source"]).body}
        if file == "vit.py":  # below train.py's two functions stands what is given
            other = [each for each in pieces if getattr(each[1], "name", "") not in names]
            rest = [source for source, _ in other]
            calls = [source for source, node in other if isinstance(node, ast.Expr)][1:]
    first = content["cells"].index(answers[0])
    if calls:
        rest.append(f"CALLED = [{', '.join(calls)}]")
        answers[0]["source"] = answers[0]["source"].replace("    raise", "    CALLED\n    raise", 1)
    content["cells"].insert(first, code_cell("\n\n".join(rest)))
    write(notebook, content)


def name_of(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def code_cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def read(notebook: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(notebook.read_text())
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"])
    return content


def write(notebook: Path, content: dict[str, Any]) -> None:
    notebook.write_text(json.dumps(content))
