"""Have nbgrader's autograde ask our grader, in the place of running the notebook in a kernel.

This runs inside nbgrader, and imports nothing of the kit but names and limits: the grader is a process
of its own, of any Python that has what it needs, and a student's code is in processes of that one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    ClearSolutions,
    Execute,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_locked
from traitlets import Integer, Unicode

from autograder.platforms.inside.nbgrader_cells import ANSWER, SCHEMA_VERSION, UNGRADED
from autograder.submission import limits

V4: Any = nbformat.v4  # it has no types
KIT = Path(__file__).resolve().parents[3]
ABOUT = "nbgrader"  # the key of what nbgrader knows: in a cell's metadata, and in its resources
OUR_FAULT = "autograder: not judged"  # in the resources: questions that somebody must look at
NOT_JUDGED = "our fault"
# Brackets and colons in a notebook. Each may be an object, and nbformat takes a kilobyte for one;
# pictures have none, and a notebook of this kit has some thousands.
MOST_OBJECTS = 300_000
MOST_TEXT = 20_000  # characters of a student's own text
BEGIN_GRADING = converters.Autograde.init_assignment


def configure(config: Any) -> None:
    """Put our preprocessors where nbgrader has others, and leave all else as it is."""
    autograde = converters.Autograde.class_traits()
    generate = converters.GenerateAssignment.class_traits()["preprocessors"].default()
    config.GenerateAssignment.preprocessors = _replaced(generate, {ClearSolutions: Stubs})
    sanitize = autograde["sanitize_preprocessors"].default()
    config.Autograde.sanitize_preprocessors = [Restored, *sanitize]
    grade = autograde["autograde_preprocessors"].default()
    ours = {Execute: Isolated, SaveAutoGrades: Saved}
    config.Autograde.autograde_preprocessors = _replaced(grade, ours)
    # nbgrader's pre_convert_hook would be too weak: its exceptions hold up nothing, and with no notebook
    # left nbgrader still copies the folder.
    converters.Autograde.init_assignment = _begin_grading


def _replaced(theirs: Sequence[type], ours: Mapping[type, type]) -> list[type]:
    missing = [one.__name__ for one in ours if one not in theirs]
    if missing:  # it would run a student's code in its kernel
        raise RuntimeError(
            f"nbgrader {converters.__name__}: it does not use {', '.join(missing)}, which this kit "
            "takes the place of. To mend it: use nbgrader 0.9, or a newer kit."
        )
    return [ours.get(one, one) for one in theirs]


def _begin_grading(self: Any, assignment_id: str, student_id: str) -> None:
    """Begin as nbgrader does, unless what was handed in must be neither copied nor read."""
    folder = Path(self._format_source(assignment_id, student_id))
    too_much = filter(None, map(_too_much, map(Path, self.notebooks)))
    if why := _refusal(folder) or next(too_much, ""):
        if self.create_student:  # they have 0 points, and a line in the exported table
            with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
                gradebook.update_or_create_student(student_id)
        raise RuntimeError(f"{student_id}: nothing was graded: {why}")
    BEGIN_GRADING(self, assignment_id, student_id)


def _refusal(folder: Path) -> str:
    """Return why a student's folder is not touched, and what to do about it, or "".

    nbgrader follows links, into the solution for one; and it cannot remove a tree of a thousand levels.
    """
    if folder.is_symlink():
        return f"{folder} is a link. To mend it: have what it points to there."
    entries, waiting = 0, [(folder, 1)]
    try:
        while waiting:
            place, level = waiting.pop()
            with os.scandir(place) as found:
                for entry in found:
                    entries += 1
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if not is_folder and not entry.is_file(follow_symlinks=False):
                        return f"{entry.path!r} is a link or a device. To mend it: take it out."
                    if level > limits.DEEPEST or entries > limits.MOST_ENTRIES:
                        return (
                            f"it has more than {limits.DEEPEST} levels of folders or "
                            f"{limits.MOST_ENTRIES} files: {entry.path!r}. To mend it: take them out."
                        )
                    if is_folder:
                        waiting.append((Path(entry.path), level + 1))
        return ""
    except OSError as error:
        return f"{error}. To mend it: have it readable."


def _too_much(notebook: Path) -> str:
    """Return why a notebook would take too much memory: nbformat has no limits."""
    if not notebook.is_file():
        return ""
    remedy = "To mend it: clear its outputs, and hand it in again."
    if (size := notebook.stat().st_size) > limits.MOST_OF_NOTEBOOK:
        return f"{notebook} has {size} bytes, more than {limits.MOST_OF_NOTEBOOK}. {remedy}"
    content = notebook.read_bytes()
    if (objects := sum(map(content.count, (b"{", b"[", b":")))) > MOST_OBJECTS:
        return f"{notebook} has {objects} brackets and colons, more than {MOST_OBJECTS}. {remedy}"
    return ""


class Stubs(ClearSolutions):  # type: ignore[misc]  # nbgrader's classes have no types
    """Leave the stub of the skeleton in the place of a solution: it says which question it is of."""

    code_stub: dict[str, str]

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> Any:
        question = cell.metadata.get(ABOUT, {}).get("grade_id", "").removesuffix(ANSWER)
        stub = f'raise NotImplementedError("TODO {question}")'
        self.code_stub = {resources["language"]: stub}
        return super().preprocess_cell(cell, resources, cell_index)


class Restored(NbGraderPreprocessor):  # type: ignore[misc]  # as above
    """Give every cell of a submission the metadata that it was released with.

    Students copy cells, delete them, and work in programs that write what they like. nbgrader gives no
    marks where an autograded cell is missing, and stops for the whole class at a cell with an id twice.
    """

    def preprocess(self, nb: Any, resources: Any) -> Any:
        about = resources[ABOUT]
        with Gradebook(about["db_url"]) as gradebook:
            released = _released(gradebook.find_notebook(about["notebook"], about["assignment"]))
        nb, found = _sound(nb), set[str]()
        for cell in reversed(nb.cells):  # of two with one id, nbgrader keeps the last
            own = cell.metadata.pop(ABOUT, None)
            name = own.get("grade_id") if isinstance(own, Mapping) else None
            if isinstance(name, str) and name in released and name not in found:
                found.add(name)
                cell.metadata[ABOUT] = released[name][0]
                _set_type(cell, released[name][0]["cell_type"])
            elif name:
                self.log.warning("%s: a cell is not the one with id %r", about["student"], name)
        for name, (metadata, source) in released.items():
            if metadata["grade"] and name not in found:
                self.log.warning("%s: cell %s is missing, and added", about["student"], name)
                cell = V4.new_code_cell(source, metadata={ABOUT: metadata})
                if nb.nbformat_minor < 5:  # cells had no ids then
                    del cell["id"]
                nb.cells.append(cell)
        return nb, resources


def _sound(nb: Any) -> Any:
    """Return a notebook that can be written: half a surrogate pair in it is replaced."""
    text = json.dumps(nb, ensure_ascii=False).encode(errors="replace")
    # The name of the language is written into the feedback page as it is.
    content = json.loads(text) | {"metadata": {"language_info": {"name": "python"}}}
    nb = nbformat.from_dict(content)  # type: ignore[no-untyped-call]  # nbformat has no types
    for cell in nb.cells:
        cell.pop("attachments", None)  # no code cell may have them
    return nb


def _set_type(cell: Any, cell_type: str) -> None:
    if cell.cell_type != cell_type:
        cell.cell_type = cell_type
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        if cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _released(notebook: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Return metadata and source of every cell that nbgrader knows of a notebook, by its id."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    cells = {}
    for cell in sorted(notebook.source_cells, key=lambda cell: str(cell.name)):
        metadata = {
            "schema_version": SCHEMA_VERSION,
            "grade": cell.name in points,
            "grade_id": cell.name,
            "locked": cell.locked,
            "solution": cell.name in solutions,
            "task": False,
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
        }
        if cell.name in points:
            metadata["points"] = points[cell.name]
        cells[cell.name] = (metadata, cell.source)
    return cells


class Isolated(NbGraderPreprocessor):  # type: ignore[misc]  # as above
    """Write into each autograded cell what our grader says: no cell is run.

    What is graded is the notebook as it was handed in: code in an autograded cell counts, too.
    """

    python = Unicode(
        sys.executable, help="The Python that grades: it has what grader/requirements.txt lists."
    ).tag(config=True)
    timeout = Integer(
        1800,
        help="Seconds after which a grading is given up. grading.yml's limits come first.",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> Any:
        about = resources[ABOUT]
        folder = self._course.format_path(
            self._course.submitted_directory, about["student"], about["assignment"]
        )
        results, complaint = self._graded(Path(folder) / f"{about['notebook']}.ipynb")
        questions = results.get("extra_data", {}).get("questions", {})
        resources[OUR_FAULT] = {
            name for name, told in questions.items() if told["verdict"] == NOT_JUDGED
        }
        if complaint and len(resources[OUR_FAULT]) == len(questions):
            raise RuntimeError(
                f"{about['student']}: nothing was graded, since `autograder grade` could not begin: "
                f"{complaint}\nTo mend it: install what grader/requirements.txt lists, or name another "
                "Python in nbgrader_config.py: c.Isolated.python"
            )
        self._warn(results.get("extra_data", {}).get("confinement", {}).get("missing", []))
        if resources[OUR_FAULT]:
            names = ", ".join(sorted(resources[OUR_FAULT]))
            details = results["extra_data"].get("details", "") or complaint
            self.log.error("%s: %s could not be judged, and is marked for a look.\n%s",
                           about["student"], names, details)  # fmt: skip
        first = True
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            elif not is_locked(cell):
                _show_as_written(cell)
            if is_grade(cell) and (name := cell.metadata[ABOUT]["grade_id"]) in questions:
                said = [results["output"]] if first and results["output"] else []
                said += _lines(name, questions[name], results["tests"])
                _write(cell, "\n".join(said), questions[name]["points"])
                first = False
        return nb, resources

    def _warn(self, missing: Sequence[str]) -> None:
        """Say once a run which walls around a student's code do not stand here."""
        run = self.parent.parent
        if missing and not getattr(run, "warned", False):
            run.warned = True
            self.log.warning(
                "Student code is not confined here by: %s. `autograder doctor` says what that means; a "
                "container on Linux has all of it.",
                ", ".join(missing),
            )

    @property
    def _course(self) -> Any:
        return self.parent.parent.coursedir  # an exporter's parent is what converts

    def _graded(self, notebook: Path) -> tuple[dict[str, Any], str]:
        """Return the results of `autograder grade`, as far as it came, and why if it failed."""
        paths = os.pathsep.join([str(KIT), str(KIT / "student")])
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.json"
            command = [str(self.python), "-B", "-m", "autograder", "grade", str(notebook)]
            try:
                ended = subprocess.run(
                    [*command, "--json", str(results)],
                    cwd=KIT, env={**os.environ, "PYTHONPATH": paths}, timeout=self.timeout,
                    capture_output=True, text=True, errors="replace", check=False,
                )  # fmt: skip
                complaint = f"{ended.stderr[-4000:]} (status {ended.returncode})"
                complaint = complaint if ended.returncode else ""
            except subprocess.TimeoutExpired:
                complaint = f"it was given up after {self.timeout} s"
            except OSError as error:
                complaint = f"{self.python}: {error.strerror}"
            try:
                return json.loads(results.read_bytes()), complaint
            except (OSError, ValueError):
                return {}, complaint or "it left no results"


class Saved(SaveAutoGrades):  # type: ignore[misc]  # as above
    """Save marks as nbgrader does; what we could not judge is marked for a person to look at."""

    def _add_score(self, cell: Any, resources: Any) -> None:
        super()._add_score(cell, resources)
        name = cell.metadata[ABOUT]["grade_id"]
        if name in resources.get(OUR_FAULT, ()):
            about = (self.notebook_id, self.assignment_id, self.student_id)
            self.gradebook.find_grade(name, *about).needs_manual_grade = True
            self.gradebook.db.commit()


def _lines(name: str, told: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what a student reads of a question: every check that may be seen now."""
    yield f"{name}  {told['verdict']}: {told['points']:g} of {told['max_points']:g} points"
    before = ""
    own = [row for row in rows if row["name"].split(maxsplit=1)[0].split(".")[0] == name]
    for row in own:
        if row["visibility"] != "visible":
            continue
        yield f"\n{row['name']}    {row['score']:g} of {row['max_score']:g}"
        if row["output"] != before:  # what holds for all of them is said once
            yield from (f"    {line}" for line in row["output"].splitlines())
        before = row["output"]
    if any(row["visibility"] != "visible" for row in own):
        yield "\nChecks that are not shown now count as well."


def _show_as_written(cell: Any) -> None:
    """Have a student's own text shown as they wrote it: HTML and links in it do nothing.

    It is read by the student and by graders, in the formgrader. nbconvert's own sanitize_html would take
    the handout's figures away; and it takes quadratic time for some long texts.
    """
    text = cell.source
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}\n\nMore is not shown: this cell has {len(text)} characters."
    if cell.cell_type == "markdown":
        longest = max(map(len, re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        text = f"{fence}\n{text}\n{fence}"
    cell.source = text


def _write(cell: Any, said: str, points: float) -> None:
    """Put a message, and the number that nbgrader takes for the mark, below a cell."""
    cell.source = cell.source.removesuffix(UNGRADED)
    cell.outputs = [
        V4.new_output("stream", name="stdout", text=f"{said}\n"),
        V4.new_output("execute_result", data={"text/plain": repr(points)}, execution_count=1),
    ]
    cell.execution_count = 1
