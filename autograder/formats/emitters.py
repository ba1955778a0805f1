"""Write a report for other graders: JUnit XML, PrairieLearn, Autolab.

Each shows what a student may read now, and no more: a hidden test that grading.yml keeps back counts,
and is not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import msgspec

from autograder.assignment.config import Rows
from autograder.formats.gradescope import VISIBLE, rows
from autograder.formats.whole_files import as_json
from autograder.grading.report import QuestionResult, Report
from checks.telling.wording import Verdict

FAILURE, ERROR = "failure", "error"
MOST_OF_PRAIRIELEARN = 1_000_000  # bytes: it reads no results of more than 1 MB
CUT = "\n(cut here: it was too long)"


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

    What cannot be graded at all is not `gradable`, which costs a student no attempt. So is a grading
    that was cut short before it had found a point. There are no pictures: nothing is drawn here.
    """
    if why := _not_gradable(report):
        return {"gradable": False, "score": 0.0, "format_errors": [why]}
    content = {
        "gradable": True,
        "score": report.points / report.max_points if report.max_points else 0.0,
        "message": "\n".join(
            [*filter(None, [report.message]), *report.notes, *_not_listed(report)]
        ),
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
    return _cut_to(MOST_OF_PRAIRIELEARN, content)


def _not_gradable(report: Report) -> str:
    """Say why a report is none: nothing could be read, or it was cut short; "" where it is one."""
    if report.message and not (report.interrupted and report.points):
        return report.message
    outcomes = [outcome for question in report.questions for outcome in question.outcomes]
    if outcomes and all(outcome.verdict is Verdict.NOT_REACHED for outcome in outcomes):
        return outcomes[0].message  # of a file that holds no code: it is said once, at the first
    return ""


def _not_listed(report: Report) -> Iterator[str]:
    """Say which questions have checks that count beside those that are listed."""
    names = [q.id for q in report.questions if len(_seen(q)) < len(list(rows(q, Rows.TEST)))]
    if names:
        yield f"Hidden checks of {', '.join(names)} count in the score as well, and are not listed."


def _cut_to(most: int, content: dict[str, Any]) -> dict[str, Any]:
    """Cut what tests say, the longest first, until the whole has at most so many bytes."""
    longest = 100_000
    while len(as_json(content)) > most and longest:
        longest //= 2
        tests = [
            test if len(said := test["message"]) <= longest + len(CUT)
            else {**test, "message": said[:longest] + CUT}
            for test in content["tests"]
        ]  # fmt: skip
        content = {**content, "tests": tests}
    return content


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
