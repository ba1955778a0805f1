"""Grade what PrairieLearn has put into /grade, and leave a whole results.json whatever happens."""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.errors import KitError
from autograder.formats import emitters
from autograder.formats.whole_files import write_json
from autograder.grading.report import Report
from autograder.platforms.inside.whatever_happens import graded, use
from checks.telling.wording import Verdict

HOME = Path("/grade")


def main(kit: Path, home: Path = HOME) -> None:
    """Grade home/student into home/results. What is printed, staff finds in the job's log."""
    place = home / "results" / "results.json"

    def keep(report: Report) -> None:
        write_json(emitters.prairielearn(report), place)

    try:
        report = graded(use(kit), home / "student", keep)
    except KitError as error:  # of the last results: the ones before them stand
        sys.exit(str(error))
    for line in _log(report):
        sys.stdout.write(f"{line}\n")


def _log(report: Report) -> list[str]:
    missing = [layer.name for layer in report.layers if not layer.holds]
    facts = {"seed": str(report.seed), **report.facts, "not in force": ", ".join(missing) or "none"}
    outcomes = (outcome for question in report.questions for outcome in question.outcomes)
    ours = (outcome.details for outcome in outcomes if outcome.verdict is Verdict.OUR_FAULT)
    details = [report.details, *ours]
    return [*(f"{name}: {fact}" for name, fact in facts.items()), *filter(None, details)]
