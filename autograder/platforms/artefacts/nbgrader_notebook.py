"""Make the handout's notebook one that nbgrader releases: regions, autograded cells, read-only text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.handout import editions, regions
from autograder.platforms.inside.nbgrader_cells import ANSWER, BEGIN, END, SCHEMA_VERSION, UNGRADED

CELL = re.compile(r"(stub|check)-(.+)-1")  # the ids of the cells that are marked here
TEXT = "text"
ABOUT = """\
**This notebook is graded with nbgrader.** Hand it in saved, as your course says. It alone is graded, and
not `{files}` beside it.

What the text below tells of `student.zip` is in this folder already. Put your code where a cell raises
`NotImplementedError`, and add cells where you like. Leave the cells that call `check` in their places:
your marks and your feedback are shown there."""


def notebook(assignment: Assignment) -> bytes:
    """Return the source notebook, with the solution in it: nbgrader cuts the regions out.

    Raises KitError for a question that has no cell with its check.
    """
    content = json.loads(editions.notebook(assignment))
    pieces = editions.Editions(assignment).pieces(editions.Editions(assignment).marked)
    marked = set[str]()
    for cell in content["cells"]:
        kind, question = _kind(cell["id"])
        if kind == "stub":
            source = regions.with_markers(pieces[question].source, BEGIN, END)
            cell["source"] = source.splitlines(keepends=True)
            _mark(cell, question + ANSWER, solution=True)
        elif kind == "check" and question in assignment.questions and question not in marked:
            marked.add(question)
            cell["source"] += UNGRADED.splitlines(keepends=True)
            points = assignment.questions[question].points
            _mark(cell, question, grade=True, locked=True, points=points)
        elif kind == TEXT:
            _mark(cell, cell["id"], locked=True)
    for question in assignment.questions:
        if question not in marked:
            raise KitError(f"solution/{editions.TEXT}", f"{question} has no cell that checks it",
                           f'write {{{{ check("{question}") }}}} in its section')  # fmt: skip
    content["cells"].insert(1, _about(assignment))
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def released(content: bytes, skeleton: Mapping[str, editions.Piece]) -> str:
    """Return all that students read of a source notebook: what nbgrader leaves in it."""
    shown = []
    for cell in json.loads(content)["cells"]:
        kind, question = _kind(cell["id"])
        source = "".join(cell["source"]).removesuffix(UNGRADED)
        shown.append(skeleton[question].source if kind == "stub" else source)
    return "\n\n".join(shown)


def _kind(name: str) -> tuple[str, str]:
    """Return what a cell is of, and of which question."""
    found = CELL.fullmatch(name)
    if found:
        return found[1], found[2]
    return name.split("-")[0], ""


def _mark(cell: dict[str, Any], name: str, **more: bool | float) -> None:
    """Write what nbgrader needs to know of a cell."""
    kinds = dict.fromkeys(("grade", "locked", "solution", "task"), False)
    about = {**kinds, "grade_id": name, "schema_version": SCHEMA_VERSION, **more}
    cell["metadata"]["nbgrader"] = about


def _about(assignment: Assignment) -> dict[str, Any]:
    files = "` and `".join(assignment.settings.files)
    text = ABOUT.format(files=files)
    cell = {"cell_type": "markdown", "id": "text-nbgrader", "metadata": {}}
    _mark(cell, "text-nbgrader", locked=True)
    return {**cell, "source": text.splitlines(keepends=True)}
