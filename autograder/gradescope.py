"""Write a report as Gradescope's results.json."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from autograder.config import Show
from autograder.errors import KitError
from autograder.report import QuestionResult, Report
from checks.outcome import Outcome
from checks.wording import Verdict

VISIBILITY = {
    Show.AFTER_DUE_DATE: "after_due_date",
    Show.AFTER_PUBLISHED: "after_published",
    Show.HIDDEN: "hidden",
}


def results(report: Report) -> dict[str, Any]:
    """Return a report as Gradescope's results.json: one row a test, every question in full."""
    questions = {
        q.id: {"points": q.points, "max_points": q.question.points, "verdict": q.verdict.value}
        for q in report.questions
    }
    extra: dict[str, Any] = {"seed": report.seed, "questions": questions, **report.facts}
    if report.layers:
        extra["confinement"] = {
            "in force": [layer.name for layer in report.layers if layer.holds],
            "missing": [layer.name for layer in report.layers if not layer.holds],
        }
    details = [report.details, *(o.details for q in report.questions for o in q.outcomes)]
    if any(details):
        extra["details"] = "\n".join(filter(None, details))
    return {
        "score": report.points,
        "execution_time": round(report.seconds),
        "output": "\n".join([*filter(None, [report.message]), *report.notes]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [row for question in report.questions for row in _rows(question)],
        "extra_data": extra,
    }


def _rows(question: QuestionResult) -> Iterator[dict[str, Any]]:
    if not question.outcomes:
        yield {
            "name": f"{question.id}  {question.question.title}",
            "number": question.id[1:],
            "score": 0.0,
            "max_score": question.question.points,
            "status": "failed",
            "output": question.message,
            "visibility": "visible",
        }
    for outcome in question.outcomes:
        score, most = question.points_of(outcome)
        show = question.question.show
        yield {
            "name": f"{outcome.test}  {outcome.title}",
            "number": outcome.test[1:],
            "score": score,
            "max_score": most,
            "status": "passed" if outcome.verdict is Verdict.PASSED else "failed",
            "output": _shown(outcome, show),
            "visibility": VISIBILITY.get(show, "visible") if outcome.hidden else "visible",
            "extra_data": {"verdict": outcome.verdict.value, "seconds": round(outcome.seconds, 2)},
        }


def _shown(outcome: Outcome, show: Show) -> str:
    """Return what a student reads of a test: of a hidden one with score_only, only its title."""
    if outcome.hidden and show is Show.SCORE_ONLY and outcome.verdict is Verdict.FAILED:
        return "This is a hidden check: its title says what does not hold."
    return outcome.message


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write the file whole or not at all: a reader never meets a half of it."""
    path = path.absolute()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise KitError(str(path), f"cannot be written: {error.strerror}") from None
