"""A graded class without a grading: rows and reports as a batch leaves them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.classroom import handouts, ledger, page, table
from autograder.classroom.ledger import Batch, Ledger, Row, Status
from autograder.classroom.tally import Tally
from autograder.config import Assignment
from autograder.report import Report, collect
from checks.outcome import Outcome
from checks.wording import Verdict

QUESTIONS = ("q1", "q2")


def outcome(
    test: str, title: str, share: float = 1.0, message: str = "", hidden: bool = False
) -> Outcome:
    verdict = Verdict.PASSED if share == 1 else Verdict.FAILED
    question = test.split(".")[0]
    return Outcome(test, question, title, 1, hidden, False, verdict, share, message)


def report_of(
    assignment: Assignment, first: float = 1.0, message: str = "", seconds: float = 1.0
) -> Report:
    """A report on two questions of two checks each, the first of which earns a share."""
    outcomes = [
        outcome("q1.1", "The first check.", first, message),
        outcome("q1.2", "A hidden check.", first, message, hidden=True),
        outcome("q2.1", "The second check."),
        outcome("q2.2", "The third check."),
    ]
    report = collect(assignment, QUESTIONS, outcomes, 7)
    return ledger.replace(report, seconds=seconds)


def graded_class(
    out: Path, assignment: Assignment, reports: Mapping[str, Report], **facts: dict
) -> Batch:
    """Leave what a batch of these students leaves; `facts` are those of single rows."""
    book, tally, rows = Ledger(out, None), Tally(), []
    for number, (name, report) in enumerate(reports.items()):
        known = {"who": name, "student": name, "folder": f"s{number}", "status": Status.GRADED,
                 "counts": True} | facts.get(name, {})  # fmt: skip
        row = Row(
            submission=name, score=report.points, max_score=report.max_points,
            questions={q.id: q.points for q in report.questions}, seconds=report.seconds,
            key=f"{number:032}", content=str(number), **known,
        )  # fmt: skip
        book.put(row.key, report)
        handouts.write(out, row, report, assignment, {})
        tally.add(name, report)
        rows.append(row)
    batch = Batch(assignment.settings.assignment, "suite", "0", 7, QUESTIONS, True, tuple(rows))
    book.write(page.report_page(batch, tally, ()), out / "report.html")
    book.write(table.grades(rows, list(assignment.questions)), out / "grades.csv")
    book.keep(batch)
    return batch
