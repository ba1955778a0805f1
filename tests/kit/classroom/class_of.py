"""A graded class without a grading: rows and reports as a batch leaves them, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.assignment.config import Assignment
from autograder.classroom.book import records
from autograder.classroom.book.ledger import Batch, Ledger, Row, Status
from autograder.classroom.report import concerns, handouts, page, table
from autograder.classroom.report.history import Run
from autograder.classroom.report.tally import Tally
from autograder.formats.seen import When
from autograder.grading.pool import Job
from autograder.grading.report import Report, collect
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

QUESTIONS = ("q1", "q2")


class Graders:
    """Graders that grade nothing: they note each job, and answer with what `answer(job)` returns."""

    def __init__(self, answer: Callable[[Job], Report]) -> None:
        self.answer = answer
        self.jobs: list[Job] = []

    def __enter__(self) -> Graders:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        for job in jobs:
            self.jobs.append(job)
            yield job, self.answer(job)


def outcome(test: str, title: str, share: float = 1.0, said: str = "", **facts: bool) -> Outcome:
    verdict = Verdict.PASSED if share == 1 else Verdict.FAILED
    known = {"hidden": False, "reported": False} | facts
    return Outcome(test, test.split(".")[0], title, 1, verdict=verdict, share=share, message=said,
                   **known)  # fmt: skip


def report_of(
    assignment: Assignment, first: float = 1.0, said: str = "", seconds: float = 1.0
) -> Report:
    """A report on two questions of two checks each, the first of which earns a share."""
    outcomes = [
        outcome("q1.1", "The first check.", first, said),
        outcome("q1.2", "A hidden check.", first, said, hidden=True),
        outcome("q2.1", "The second check."),
        outcome("q2.2", "The third check."),
    ]
    report = collect(assignment, QUESTIONS, outcomes, 7)
    return replace(report, seconds=seconds)


def graded_class(
    out: Path,
    assignment: Assignment,
    reports: Mapping[str, Report],
    earlier: Sequence[Run] = (),
    **facts: dict[str, Any],
) -> Batch:
    """Leave what a batch of these students leaves; `facts` are those of single rows."""
    book, tally, rows = Ledger(out, None), Tally(), []
    for number, (name, report) in enumerate(reports.items()):
        known: dict[str, Any] = {
            "who": name,
            "student": name,
            "folder": f"s{number}",
            "status": Status.GRADED,
            "counts": True,
            "content": name,
        } | facts.get(name, {})
        told = records.as_bytes(report) + known["content"].encode()
        row = Row(
            submission=name,
            score=report.points,
            max_score=report.max_points,
            questions={q.id: q.points for q in report.questions},
            seconds=report.seconds,
            key=known.pop("key", hashlib.sha256(told).hexdigest()),
            **known,
        )
        book.put(row.key, report)
        handouts.write(out, row, report, assignment, {}, When.BEFORE_DUE)
        tally.add(name, report)
        rows.append(row)
    found = [c for name, one in reports.items() for c in concerns.of_report(name, one)]
    listed = concerns.ordered([*found, *concerns.of_rows(rows, (), ())])
    batch = Batch(assignment.settings.assignment, "suite", "0", 7, QUESTIONS, True, tuple(rows))
    book.write(page.report_page(batch, tally, (), listed, earlier), out / "report.html")
    book.write(table.grades(rows, list(assignment.questions)), out / "grades.csv")
    book.keep(batch)
    return batch
