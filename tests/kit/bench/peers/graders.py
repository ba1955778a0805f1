"""The kit and its peers: how each is given the three checks and a submission, and what it answers."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat

from autograder.assignment.config import Assignment
from kit.workbench import ROOT, copy_of

CHECKS = Path(__file__).parent / "checks"
QUESTIONS = ("q1", "q3")
# The kit's tests of shape, values and error, of each of the two questions.
SAME = (
    "test_seven_by_seven_patches_of_a_digit",
    "test_patches_run_as_you_read_a_page",
    "test_a_size_that_does_not_divide_is_refused",
    "test_the_shape_is_kept",
    "test_two_heads_are_multi_head_attention",
    "test_heads_that_do_not_divide_are_refused",
)


@dataclass(frozen=True)
class Verdict:
    """What a grader makes of a submission."""

    earned: float
    most: float
    said: tuple[str, ...]  # to the student, of each check that fails

    def __str__(self) -> str:
        return f"{self.earned:g} of {self.most:g}"


class Grader(ABC):
    """A way to grade a vit.py, in a folder of its own.

    name      what it is called in the table
    package   the distribution whose version is told
    runs_in   where the student's code runs, in a few words
    """

    name: str
    package: str
    runs_in: str

    def __init__(self, place: Path, python: Path) -> None:
        self.place, self.python, self.cwd = place, python, place
        place.mkdir(parents=True)
        own = {f"JUPYTER_{kind}_DIR": str(place / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, **own, "IPYTHONDIR": str(place / "ipython"), "PATH": path}
        self.environment.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # none of them starts without bytecode
        self.environment.pop("PYTHONPATH", None)
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Set the assignment up: this is not measured."""

    @abstractmethod
    def hand_in(self, submission: Path) -> list[object]:
        """Put a vit.py where it is graded; return the arguments for Python that grade it there."""

    @abstractmethod
    def verdict(self) -> Verdict:
        """Return what the last grading has left behind."""

    def run(self, *arguments: object) -> str:
        """Run Python in this grader's environment, and return what it prints."""
        command = [str(part) for part in (self.python, *arguments)]
        return subprocess.run(
            command,
            cwd=self.place,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


class Kit(Grader):
    """The kit, with all its checks of the two questions."""

    name, package = "autograder grade, all its checks", "vit-autograder"
    runs_in = "a confined process for each question"

    def prepare(self) -> None:
        self.cwd = ROOT

    def hand_in(self, submission: Path) -> list[object]:
        shutil.copy(submission, self.place / "vit.py")
        results = self.place / "results.json"
        return ["-m", "autograder", "grade", self.place / "vit.py", "--only", ",".join(QUESTIONS),
                "--json", results]  # fmt: skip

    def verdict(self) -> Verdict:
        return _of_rows(json.loads((self.place / "results.json").read_text())["tests"])


class KitSame(Kit):
    """The kit, with the three checks that its peers have as well."""

    name = "autograder grade, the same checks"

    def __init__(self, place: Path, python: Path, assignment: Assignment) -> None:
        self._assignment = assignment
        super().__init__(place, python)

    def prepare(self) -> None:
        self.cwd = self.place / "kit"
        for path in copy_of(self._assignment, self.cwd).test_files(QUESTIONS):
            tree = ast.parse(path.read_text())
            tree.body = [each for each in tree.body if _stays(each)]
            path.write_text(ast.unparse(tree))


def _stays(node: ast.stmt) -> bool:
    name = getattr(node, "name", "")
    return not name.startswith("test_") or name in SAME


class Pytest(Grader):
    """pytest, the checks beside the student's file."""

    name, package, runs_in = "pytest", "pytest", "the process of the checks"

    def prepare(self) -> None:
        self.environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # no other peer's plugin
        shutil.copy(CHECKS / "known.py", self.place)
        shutil.copy(CHECKS / "pytest" / "checks.py", self.place / "test_vit.py")
        (self.place / "pytest.ini").write_text("[pytest]\n")

    def hand_in(self, submission: Path) -> list[object]:
        shutil.copy(submission, self.place / "vit.py")
        # A failing check is status 1, and no failure of what is measured.
        return ["-c", "import pytest; pytest.main(['-q', '--junitxml=results.xml'])"]

    def verdict(self) -> Verdict:
        cases = ElementTree.parse(self.place / "results.xml").findall(".//testcase")
        failed = [case.find("failure") for case in cases]
        said = tuple(each.text or "" for each in failed if each is not None)
        return Verdict(len(cases) - len(said), len(cases), said)


class PrairieLearn(Grader):
    """PrairieLearn's pytest plugin, which runs the student's file in a process that it asks."""

    name, package = "PrairieLearn's pytest plugin", "pytest-prairielearn-grader"
    runs_in = "a process of its own, as the same user"

    def prepare(self) -> None:
        self.environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        (self.place / "test_student").mkdir()
        shutil.copy(CHECKS / "known.py", self.place)
        shutil.copy(CHECKS / "prairielearn" / "checks.py", self.place / "test_student.py")
        shutil.copy(CHECKS / "prairielearn" / "trailing_code.py", self.place / "test_student")
        (self.place / "pytest.ini").write_text("[pytest]\n")

    def hand_in(self, submission: Path) -> list[object]:
        shutil.copy(submission, self.place / "test_student" / "student_code.py")
        options = ["-q", "-p", "pytest_prairielearn_grader.plugin"]
        return ["-c", f"import pytest; pytest.main({options})"]

    def verdict(self) -> Verdict:
        rows = json.loads((self.place / "autograder_results.json").read_text())["tests"]
        said = tuple(row["message"] for row in rows if row["points"] < row["max_points"])
        earned, most = (sum(row[key] for row in rows) for key in ("points", "max_points"))
        return Verdict(earned, most, said)


class Otter(Grader):
    """`otter run`: script and checks in a Jupyter kernel."""

    name, package, runs_in = "otter run", "otter-grader", "the process of the checks"

    def prepare(self) -> None:
        shutil.copytree(CHECKS / "otter", self.place / "tests")
        (self.place / "known").mkdir()  # beside a script, Otter takes no other
        shutil.copy(CHECKS / "known.py", self.place / "known" / "__init__.py")
        self.run("-m", "otter", "generate", "-t", "tests", "-o", "vit.zip", "known/__init__.py")

    def hand_in(self, submission: Path) -> list[object]:
        shutil.copy(submission, self.place / "vit.py")
        return ["-m", "otter", "run", "--no-logo", "-a", "vit.zip", "-o", ".", "vit.py"]

    def verdict(self) -> Verdict:
        rows = json.loads((self.place / "results.json").read_text())["tests"]
        return _of_rows([row for row in rows if "score" in row])


class Nbgrader(Grader):
    """`nbgrader autograde`: the file's text in the answer cell of a notebook."""

    name, package, runs_in = "nbgrader autograde", "nbgrader", "the process of the checks"
    book = Path("vit") / "vit.ipynb"

    def prepare(self) -> None:
        (self.place / "nbgrader_config.py").write_text("c = get_config()\n")
        source = self.place / "source" / self.book
        source.parent.mkdir(parents=True)
        shutil.copy(CHECKS / "known.py", source.parent)
        self.run("-m", "jupytext", "--to", "ipynb", "-o", source, CHECKS / "nbgrader/notebook.py")
        self.run("-m", "nbgrader", "generate_assignment", "vit", "--create")
        self.run("-m", "nbgrader", "db", "student", "add", "student")

    def hand_in(self, submission: Path) -> list[object]:
        book = nbformat.read(self.place / "release" / self.book, 4)
        book.cells[0].source = submission.read_text()
        handed_in = self.place / "submitted" / "student" / self.book
        handed_in.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, handed_in)
        return ["-m", "nbgrader", "autograde", "vit", "--student", "student", "--force"]

    def verdict(self) -> Verdict:
        book = nbformat.read(self.place / "autograded" / "student" / self.book, 4)
        checks = [cell for cell in book.cells if cell.metadata.nbgrader.get("grade")]
        raised = [list(_raised(cell)) for cell in checks]
        points = [cell.metadata.nbgrader.points for cell in checks]
        earned = sum(each for each, texts in zip(points, raised) if not texts)
        own = f"{self.python.parents[1]}/"  # where this environment lies is nobody's matter
        said = tuple(text.replace(own, "") for texts in raised for text in texts)
        return Verdict(earned, sum(points), said)


def _raised(cell: Any) -> Iterator[str]:
    """Yield what a cell's errors look like on the page that a student gets."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            yield re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))


def _of_rows(rows: Iterable[dict[str, Any]]) -> Verdict:
    """Read the rows of Gradescope's format."""
    rows = list(rows)
    earned, most = (sum(row.get(key, 0) for row in rows) for key in ("score", "max_score"))
    said = [row.get("output", "") for row in rows if row.get("score", 0) < row.get("max_score", 0)]
    return Verdict(earned, most, tuple(said))


def all_graders(assignment: Assignment, place: Path, peers: Path) -> list[Grader]:
    """Return the kit, run by this Python, and its peers, run by the Python of their environment."""
    ours = Path(sys.executable)
    own = [Kit(place / "all", ours), KitSame(place / "same", ours, assignment)]
    others = (Pytest, PrairieLearn, Otter, Nbgrader)
    return [*own, *(grader(place / grader.package, peers) for grader in others)]
