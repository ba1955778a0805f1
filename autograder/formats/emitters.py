"""Write a report for other graders: JUnit XML, PrairieLearn, Autolab.

Each shows what a student may read now, and no more: a hidden test that grading.yml keeps back counts,
and is not listed.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec

from autograder.assignment.config import Rows
from autograder.formats.gradescope import VISIBLE, rows
from autograder.grading.report import QuestionResult, Report
from checks.telling.wording import Verdict

FAILURE, ERROR = "failure", "error"


def junit(report: Report) -> bytes:
    """Return JUnit's XML: a suite for each question, a case for each test that may be seen.

    A test of ours that failed is an <error>, one of the student's a <failure>.
    """
    root = ElementTree.Element("testsuites", name="autograder", time=f"{report.seconds:.2f}")
    for question in report.questions:
        seen = _seen(question)
        tags = [_tag(row) for row in seen]
        suite = ElementTree.SubElement(
            root, "testsuite", name=_title(question), tests=str(len(seen)),
            failures=str(tags.count(FAILURE)), errors=str(tags.count(ERROR)),
        )  # fmt: skip
        for row, tag in zip(seen, tags):
            seconds = row.get("extra_data", {}).get("seconds", 0)
            case = ElementTree.SubElement(suite, "testcase", classname=question.id,
                                          name=row["name"], time=f"{seconds:.2f}")  # fmt: skip
            if tag:
                points = f"{row['score']:g} of {row['max_score']:g} points"
                kind = _verdict(row) or Verdict.FAILED.value
                ElementTree.SubElement(case, tag, message=points, type=kind).text = row["output"]
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def prairielearn(report: Report) -> dict[str, Any]:
    """Return what PrairieLearn's external grader is to leave in /grade/results/results.json.

    What cannot be graded at all is not `gradable`, which costs a student no attempt.
    """
    if report.message:
        return {"gradable": False, "score": 0.0, "format_errors": [report.message]}
    return {
        "gradable": True,
        "score": report.points / report.max_points if report.max_points else 0.0,
        "message": "\n".join(report.notes),
        "tests": [
            {
                "name": row["name"],
                "description": _title(question),
                "points": row["score"],
                "max_points": row["max_score"],
                "message": row["output"],
            }
            for question in report.questions
            for row in _seen(question)
        ],
    }


def autolab(report: Report) -> str:
    """Return the line that Autolab wants as the last one: points by problem, and a scoreboard."""
    scores = {question.id: question.points for question in report.questions}
    accuracy = [] if report.accuracy is None else [round(100 * report.accuracy, 2)]
    line = {"scores": scores, "scoreboard": [report.points, *accuracy]}
    return msgspec.json.encode(line).decode()


def _seen(question: QuestionResult) -> list[dict[str, Any]]:
    return [row for row in rows(question, Rows.TEST) if row["visibility"] == VISIBLE]


def _tag(row: dict[str, Any]) -> str:
    """Return the element that tells why a test is not passed; "" where it is."""
    if row["status"] == "passed":
        return ""
    return ERROR if _verdict(row) == Verdict.OUR_FAULT.value else FAILURE


def _verdict(row: dict[str, Any]) -> str:
    return str(row.get("extra_data", {}).get("verdict", ""))


def _title(question: QuestionResult) -> str:
    return f"{question.id}  {question.question.title}"
