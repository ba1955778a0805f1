"""Turn a question's result into Otter's test cases, which are won or lost as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from autograder.assignment.config import Rows
from autograder.formats.gradescope import rows
from autograder.grading.report import QuestionResult

OUTCOMES = "outcomes.json"  # where the cases of every question lie for Otter's test files
DRIVER = "otter_driver.ipynb"  # the empty notebook that Otter runs
EMPTY_NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'


def cases(question: QuestionResult) -> list[dict[str, Any]]:
    """Return test cases whose points add up to the question's, to the last digit.

    A test that earned a part becomes two cases, one won and one lost.
    """
    found = []
    for row in rows(question, Rows.TEST):
        hidden = row["visibility"] != "visible"
        rest = Decimal(str(row["max_score"])) - Decimal(str(row["score"]))
        parts = [(True, row["score"]), (False, float(rest))]
        # A test without points is still told; of a whole one there is no second part.
        kept = [part for part in parts if part[1]] or [(row["status"] == "passed", 0.0)]
        for won, points in kept:
            name = row["name"] + (" (the part that is earned)" if won and len(kept) > 1 else "")
            case = {"name": name, "points": points, "hidden": hidden, "won": won}
            found.append({**case, "message": row["output"]})
    return found
