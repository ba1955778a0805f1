"""Turn a question's result into Otter's test cases, which are won or lost as a whole."""

from __future__ import annotations

from typing import Any

from autograder.assignment.config import Rows
from autograder.formats.gradescope import rows
from autograder.grading.report import QuestionResult

OUTCOMES = "outcomes.json"  # where the cases of every question lie for Otter's test files
DRIVER = "otter_driver.ipynb"  # the empty notebook that Otter runs
EMPTY_NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
DIGITS = 4  # of points, as reports have them


def cases(question: QuestionResult) -> list[dict[str, Any]]:
    """Return test cases whose points add up to the question's, to the last digit.

    A test that earned a part becomes two cases, one won and one lost.
    """
    found = []
    for row in rows(question, Rows.TEST):
        hidden = row["visibility"] != "visible"
        parts = [(True, row["score"]), (False, round(row["max_score"] - row["score"], DIGITS))]
        # A test without points is still told; of a whole one there is no second part.
        kept = [part for part in parts if part[1]] or [(row["status"] == "passed", 0.0)]
        for won, points in kept:
            name = row["name"] + (" (the part that is earned)" if won and len(kept) > 1 else "")
            case = {"name": name, "points": points, "hidden": hidden, "won": won}
            found.append({**case, "message": row["output"]})
    most = question.question.points
    _make_up(found, True, question.points)
    _make_up(found, False, round(most - question.points, DIGITS))
    return found


def _make_up(found: list[dict[str, Any]], won: bool, total: float) -> None:
    """Let the last of these cases make up for what rounding has taken or given."""
    these = [case for case in found if case["won"] is won and case["points"]]
    if these:
        others = sum(case["points"] for case in these[:-1])
        these[-1]["points"] = round(total - others, DIGITS)
