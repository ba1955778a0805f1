"""Write the folder of one submission: results.json, feedback.txt, its pages, and what was graded."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from autograder.assignment.config import Assignment
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import AGAIN, Given, Ledger, Row, Status
from autograder.classroom.report import decided
from autograder.classroom.report.page import DETAILS, FEEDBACK, SUBMISSIONS, submission_page
from autograder.errors import KitError
from autograder.formats.gradescope import results
from autograder.formats.seen import When, view
from autograder.formats.text import show
from autograder.formats.whole_files import as_json
from autograder.grading.report import Report

SOURCES, FEEDBACK_TEXT = "sources", "feedback.txt"
WIDTH = 100


def write(
    out: Path,
    row: Row,
    report: Report,
    assignment: Assignment,
    sources: Mapping[str, bytes],
    when: When,
) -> None:
    """Write all that is made of one report. Raises KitError.

    What a student may have is feedback.txt and feedback.html; everything else is for teachers.
    """
    title = assignment.settings.assignment
    folder = out / SUBMISSIONS / row.folder
    _write(as_json(results(report, assignment.settings.gradescope)), folder / "results.json")
    _write_feedback(out, row, report, title, when)
    page = submission_page(row, report, title, when=None)
    _write(page, out / DETAILS / f"{row.folder}.html")
    shutil.rmtree(out / SOURCES / row.folder, ignore_errors=True)  # of what was handed in before
    for name, content in sources.items():
        _write(content, out / SOURCES / row.folder / name)


def _write_feedback(out: Path, row: Row, report: Report, title: str, when: When) -> None:
    folder = out / SUBMISSIONS / row.folder
    _write(feedback(row, report, title, when), folder / FEEDBACK_TEXT)
    _write(submission_page(row, report, title, when), folder / FEEDBACK)


def feedback_anew(book: Ledger, assignment: Assignment, when: When) -> tuple[str, ...]:
    """Write every student's feedback anew from the results that are kept; grade nothing.

    Returns the submissions of which no result can be read. Raises KitError.
    """
    batch = book.earlier
    assert batch is not None
    without = []
    for row in batch.rows:
        kept = ledger.record(book.out, row.key) if row.key else None
        if kept is not None:
            told = by_the_mark_sheet(kept, assignment)
            row = replace(row, by_hand=tuple(_shown_as_now(row.by_hand, assignment)))
            _write_feedback(book.out, row, told, assignment.settings.assignment, when)
        elif row.status is not Status.MISSING:
            without.append(row.submission)
    book.keep(replace(batch, shown=when))
    return tuple(without)


def by_the_mark_sheet(report: Report, assignment: Assignment) -> Report:
    """Return a report in which students see of each question what grading.yml says now."""
    questions = []
    for result in report.questions:
        show = assignment.questions.get(result.id, result.question).show
        question = result.question.model_copy(update={"show": show})
        questions.append(replace(result, question=question))
    return replace(report, questions=tuple(questions))


def _shown_as_now(given: Iterable[Given], assignment: Assignment) -> Iterator[Given]:
    for one in given:
        question = assignment.by_hand.get(one.question)
        yield replace(one, show=question.show) if question else one


def feedback(row: Row, report: Report, title: str, when: When) -> bytes:
    """Return feedback.txt: what a student reads, and nothing that grading.yml keeps back."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, highlight=False, color_system=None, emoji=False)
    console.print(Text(f"{title}\n{row.student}\n"), soft_wrap=True)
    if not row.counts:
        console.print(Text("A later submission of yours counts, not this one.\n"), soft_wrap=True)
    show(report, console, when)
    for line in decided.as_text(row, view(report, when), when):
        console.print(Text(line), soft_wrap=True)
    return text.getvalue().encode("utf-8", "backslashreplace")


def remove(out: Path, folders: Iterable[str]) -> None:
    """Remove what was made of submissions that are no longer in the class."""
    for folder in folders:
        shutil.rmtree(out / SUBMISSIONS / folder, ignore_errors=True)
        shutil.rmtree(out / SOURCES / folder, ignore_errors=True)
        (out / DETAILS / f"{folder}.html").unlink(missing_ok=True)


def _write(content: bytes, place: Path) -> None:
    """Write a file whole. It is made anew in every run, so nobody waits until the disk has it."""
    part = place.with_name(f".{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise KitError(str(place), f"cannot be written: {error.strerror}", AGAIN) from None
