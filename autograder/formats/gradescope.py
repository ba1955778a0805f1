"""Write a report as Gradescope's results.json."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.assignment.config import GradescopeSettings, Rows, Show
from autograder.grading.report import QuestionResult, Report
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

VISIBILITY = {
    Show.AFTER_DUE_DATE: "after_due_date",
    Show.AFTER_PUBLISHED: "after_published",
    Show.HIDDEN: "hidden",
}
VISIBLE = "visible"
HIDDEN_ONES = (" (hidden checks)", ".hidden")  # what their row's name and number end with
PLAIN = GradescopeSettings()


def results(report: Report, settings: GradescopeSettings = PLAIN) -> dict[str, Any]:
    """Return a report as Gradescope's results.json, every question in full."""
    content = {
        "score": report.points,
        "execution_time": round(report.seconds),
        "output": "\n".join([*filter(None, [report.message]), *report.notes]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": VISIBLE,
        "stdout_visibility": "hidden",
        "tests": [row for question in report.questions for row in rows(question, settings.rows)],
        "extra_data": _extra(report),
    }
    if settings.leaderboard and report.accuracy is not None:
        value = round(100 * report.accuracy, 2)
        content["leaderboard"] = [{"name": "Accuracy (%)", "value": value, "order": "desc"}]
    return content


def _extra(report: Report) -> dict[str, Any]:
    """Return what is for teachers and programs."""
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
    return extra


def rows(question: QuestionResult, kind: Rows) -> Iterator[dict[str, Any]]:
    """Yield a question's rows: one a test, or one for all tests that are seen at the same time."""
    if not question.outcomes:
        yield {
            "name": f"{question.id}  {question.question.title}",
            "number": question.id[1:],
            "score": 0.0,
            "max_score": question.question.points,
            "status": "failed",
            "output": question.message,
            "visibility": VISIBLE,
            "extra_data": {"verdict": question.verdict.value, "seconds": 0.0},
        }
    elif kind is Rows.TEST:
        yield from (_row_of_test(question, outcome) for outcome in question.outcomes)
    else:
        yield from _rows_of_question(question)


def _row_of_test(question: QuestionResult, outcome: Outcome) -> dict[str, Any]:
    name, said = f"{outcome.test}  {outcome.claim}", _shown(outcome, question.question.show)
    return _row(question, [outcome], name, outcome.test[1:], said, outcome.told)


def _rows_of_question(question: QuestionResult) -> Iterator[dict[str, Any]]:
    show = question.question.show
    for seen, of_name, of_number in ((VISIBLE, "", ""), (VISIBILITY.get(show), *HIDDEN_ONES)):
        together = [o for o in question.outcomes if _visibility(o, show) == seen]
        if together:
            name = f"{question.id}  {question.question.title}{of_name}"
            said = "\n\n".join(_paragraph(question, outcome) for outcome in together)
            number = question.id[1:] + of_number
            yield _row(question, together, name, number, said, question.verdict)


def _row(
    question: QuestionResult,
    outcomes: Sequence[Outcome],
    name: str,
    number: str,
    said: str,
    verdict: Verdict,
) -> dict[str, Any]:
    """Return a row for some tests of a question, which are seen at the same time."""
    score, most = question.points_of(*outcomes)
    passed = all(outcome.verdict is Verdict.PASSED for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    return {
        "name": name,
        "number": number,
        "score": score,
        "max_score": most,
        "status": "passed" if passed else "failed",
        "output": said,
        "visibility": _visibility(outcomes[0], question.question.show),
        "extra_data": {"verdict": verdict.value, "seconds": round(seconds, 2)},
    }


def _paragraph(question: QuestionResult, outcome: Outcome) -> str:
    score, most = question.points_of(outcome)
    said = _shown(outcome, question.question.show)
    first = f"{outcome.test}  {outcome.claim}  {score:g} of {most:g}"
    return first + (f"\n{textwrap.indent(said, '    ')}" if said else "")


def seen_by_student(question: QuestionResult, kept_back: bool) -> list[Outcome]:
    """Return the tests that a student may see, with what they may read of them.

    kept_back  whether grading.yml keeps its hidden tests from students now
    """
    show = question.question.show
    return [
        replace(outcome, title=outcome.claim, message=_shown(outcome, show), details="")
        for outcome in question.outcomes
        if not (outcome.hidden and kept_back)
    ]


def _visibility(outcome: Outcome, show: Show) -> str:
    return VISIBILITY.get(show, VISIBLE) if outcome.hidden else VISIBLE


def _shown(outcome: Outcome, show: Show) -> str:
    """Return what a student reads of a test: of a hidden one with score_only, only its title."""
    if outcome.hidden and show is Show.SCORE_ONLY and outcome.verdict is Verdict.FAILED:
        return "This is a hidden check: its title says what does not hold."
    return outcome.message
