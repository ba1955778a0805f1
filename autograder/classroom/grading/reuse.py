"""Put a report together from what is kept of its questions, and from those that were graded now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.assignment.config import Assignment
from autograder.assignment.provenance import provenance
from autograder.classroom.book.terms import Kept
from autograder.grading.report import QuestionResult, Report, with_noted


def completed(
    report: Report, kept: Kept, assignment: Assignment, asked: Sequence[str], notes: Sequence[str]
) -> Report:
    """Return the report of a grading of some questions, with what is kept of the others.

    notes  on how the submission was read
    """
    graded = {question.id: question for question in report.questions}
    others = {name: one for name, one in kept.questions.items() if name not in graded}
    seconds = report.seconds + sum(one.seconds for one in others.values())
    whole = replace(report, questions=_as_now({**others, **graded}, assignment, asked))
    return with_noted(replace(whole, seconds=seconds), notes)


def kept_whole(
    kept: Kept, assignment: Assignment, asked: Sequence[str], notes: Sequence[str]
) -> Report:
    """Return a report of which nothing need be graded: the latest tells of the machine."""
    assert kept.latest is not None
    facts = {**kept.latest.facts, **provenance(assignment)}
    nothing = replace(kept.latest, questions=(), details="", seconds=0.0, facts=facts)
    return completed(nothing, kept, assignment, asked, notes)


def _as_now(
    known: Mapping[str, QuestionResult], assignment: Assignment, asked: Sequence[str]
) -> tuple[QuestionResult, ...]:
    """Return questions in the order of the mark sheet, with the points that it has now."""
    return tuple(replace(known[name], question=assignment.questions[name]) for name in asked)
