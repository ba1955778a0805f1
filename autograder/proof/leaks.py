"""Search what students see for what they must not: hidden tests, their answers, paths, seeds."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from autograder.assignment.config import Assignment, Show
from autograder.formats import gradescope
from autograder.grading.report import Report

SHORTEST = 24  # characters: a shorter line of a test gives nothing away
LEAK = "LEAK-"  # what the hostile corpus puts before something it has read


def leaks(report: Report, assignment: Assignment) -> list[str]:
    """Return every secret of this grading that its student can read now, and where."""
    secrets = {**hidden_lines(assignment), **_paths(assignment), **_answers(report)}
    secrets[str(report.seed)] = "the seed of the hidden inputs"
    secrets[LEAK] = "what a submission has read"
    return [
        f"{what} can be read: {text.strip()[:200]!r}"
        for text in _seen(report)
        for secret, what in secrets.items()
        if secret in text
    ]


def _seen(report: Report) -> Iterator[str]:
    """Yield what a student reads before any date has passed."""
    content = gradescope.results(report)
    yield content["output"]
    for row in content["tests"]:
        if row["visibility"] == gradescope.VISIBLE:
            yield row["name"]
            yield row["output"]


@cache
def hidden_lines(assignment: Assignment) -> dict[str, str]:
    """Return the telling lines of hidden tests that students do not have anyway."""
    given = {
        line.strip()
        for folder in ("tests", "checks")
        for path in (assignment.student / folder).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    return {
        line.strip(): f"a line of {path.relative_to(assignment.tests)}"
        for path in sorted((assignment.tests / "hidden").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        # A test's title, its docstring, is shown to everybody.
        if len(line.strip()) >= SHORTEST and not line.strip().startswith('"""')
        if line.strip() not in given
    }


def _paths(assignment: Assignment) -> dict[str, str]:
    folders = {
        assignment.root,
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(tempfile.gettempdir()),
    }
    return {str(folder): "a path of this machine" for folder in folders if folder != Path("/usr")}


def _answers(report: Report) -> dict[str, str]:
    """Return what hidden tests expected, of questions that keep it to themselves."""
    outcomes = [(q.question.show, o) for q in report.questions for o in q.outcomes]
    # A visible test may happen to expect the same.
    open_ones = {line for _, o in outcomes if not o.hidden for line in o.message.splitlines()}
    return {
        line.strip(): f"an answer of {outcome.test}"
        for show, outcome in outcomes
        if outcome.hidden and show is not Show.VISIBLE
        for line in f"{outcome.message}\n{outcome.details}".splitlines()
        if line.startswith("expected") and any(map(str.isdigit, line)) and line not in open_ones
    }
