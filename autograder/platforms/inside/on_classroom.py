"""Tell what the one grading of a push found: a question in its step, and GitHub Classroom the sum."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from autograder.assignment.config import Assignment, load
from autograder.assignment.points import total_of
from autograder.formats.gradescope import VISIBLE
from checks.telling.wording import Verdict

WHAT_TO_DO = (
    "Students: this is not your fault. Teachers: run this again; if it stays, `autograder grade` on a "
    "clone says why."
)
NOT_KNOWN = "No points are told: {names} could not be graded to the end. " + WHAT_TO_DO
NO_SUCH_QUESTION = (
    "{name} is no question of the grader that was fetched: the workflow in this repository is of "
    "another one. Teachers: build both anew, and give students this template's workflow."
)
ALL, NOT_ALL, UNKNOWN = range(3)  # what a question's step ends with


class Judged(msgspec.Struct):
    """A question."""

    points: float
    verdict: Verdict


class Row(msgspec.Struct):
    """A check, or those of a question that are seen at the same time."""

    name: str
    number: str  # the question's, or this with a point and more behind it
    score: float
    max_score: float
    output: str
    visibility: str


class Extra(msgspec.Struct):
    """What programs read."""

    questions: dict[str, Judged]


class Results(msgspec.Struct):
    """What `autograder grade --json` writes, as far as it is told here."""

    tests: list[Row]
    extra_data: Extra

    @property
    def known(self) -> dict[str, Judged]:
        """The questions that were graded to their end.

        The file is there before anything is graded, and so are all questions: as a fault of ours.
        """
        questions = self.extra_data.questions.items()
        return {name: q for name, q in questions if q.verdict is not Verdict.OUR_FAULT}

    def rows(self, question: str) -> list[Row]:
        number = question.removeprefix("q")
        return [row for row in self.tests if row.number.split(".")[0] == number]


def main(question: str = "") -> int:
    """Tell of a question, or without one the sum: in the run's summary, and as Classroom reads it."""
    assignment = load(Path(__file__).resolve().parents[3])
    results = read(Path(os.environ["RUNNER_TEMP"]) / "results" / "results.json")
    if question:
        return tell(question, assignment, results)
    earned = {name: q.points for name, q in results.known.items() if name in assignment.questions}
    missing = [name for name in assignment.questions if name not in earned]
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(table(assignment, earned))
    if missing:
        told = NOT_KNOWN.format(names=", ".join(missing))
        sys.stdout.write(f"::error title=Autograding did not come to its end::{told}\n")
        return UNKNOWN
    sys.stdout.write(notices(total_of(earned.values()), assignment.points))
    return ALL


def read(path: Path) -> Results:
    """Return what a grading left; nothing where that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except (OSError, msgspec.DecodeError):
        return Results([], Extra({}))


def tell(name: str, assignment: Assignment, results: Results) -> int:
    """Print a question as students may see it, and return what its step is to end with."""
    if name not in assignment.questions:
        sys.stdout.write(f"{NO_SUCH_QUESTION.format(name=name)}\n")
        return UNKNOWN
    with _no_commands():
        for line in _said(name, assignment, results):
            sys.stdout.write(f"{line}\n")
    if name not in results.known:
        return UNKNOWN
    most = assignment.questions[name].points
    return ALL if results.known[name].points >= most else NOT_ALL


@contextlib.contextmanager
def _no_commands() -> Iterator[None]:
    """Have no line taken for a command of the workflow: what is printed quotes what students wrote."""
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    try:
        yield
    finally:
        sys.stdout.write(f"\n::{token}::\n")


def _said(name: str, assignment: Assignment, results: Results) -> Iterator[str]:
    question, judged = assignment.questions[name], results.known.get(name)
    if judged:
        points = f"{judged.points:g} of {question.points:g} points"
        yield f"{name}  {question.title}: {judged.verdict.value}, {points}"
    else:
        yield f"{name}  {question.title}: not known, of {question.points:g} points"
        yield f"It could not be graded to its end. {WHAT_TO_DO}"
    rows = results.rows(name)
    seen = [row for row in rows if row.visibility == VISIBLE]
    for row in seen:
        yield f"\n{row.name}    {row.score:g} of {row.max_score:g}"
        if row.output:
            yield textwrap.indent(row.output, "      ")
    if len(seen) < len(rows):
        yield f"\nHidden checks of {name} count as well, and are not listed."


def notices(earned: float, most: float) -> str:
    """Return the two annotations that Classroom looks for in a run."""
    earned, most = (_number(points) for points in (earned, most))
    report = json.dumps({"totalPoints": earned, "maxPoints": most})
    return (
        f"::notice title=Autograding complete::Points {earned}/{most}\n"
        f"::notice title=Autograding report::{report}\n"
    )


def _number(points: float) -> float:
    """Return points as people write them: 12.5, and 100 without a part behind it."""
    return int(points) if points == int(points) else points


def table(assignment: Assignment, earned: Mapping[str, float]) -> str:
    """Return the questions and their points, in Markdown."""
    lines = ["| question | points | of |", "|---|---:|---:|"]
    for name, question in assignment.questions.items():
        told = f"{earned[name]:g}" if name in earned else "not known"
        title = question.title.replace("|", r"\|")
        lines.append(f"| {name}  {title} | {told} | {question.points:g} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
