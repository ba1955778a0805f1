"""Grade what Gradescope has put into /autograder, and leave a whole results.json whatever happens."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.assignment.config import Assignment, Show, load
from autograder.errors import KitError
from autograder.formats.gradescope import results
from autograder.formats.whole_files import write_json
from autograder.grading.report import Report
from autograder.isolation.forking.early import start_over
from autograder.platforms.inside import attempts
from autograder.platforms.inside.attempts import Attempts, Metadata
from autograder.platforms.inside.whatever_happens import graded

HOME = Path("/autograder")


def main(home: Path = HOME) -> None:
    """Grade home/submission into home/results. Ends with an error if these cannot be written."""
    try:
        grade(home, home / "submission")
    except KitError as error:
        sys.exit(str(error))


def grade(home: Path, submission: Path) -> Report | None:
    """Write home/results/results.json, now, after every question, and at the end.

    Nothing that fails here may leave without results. Returns the report they were made from, or
    None if the attempt was refused.
    """
    place = home / "results" / "results.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    assignment = load(find_kit(home))
    metadata = attempts.read_metadata(home / "submission_metadata.json")
    standing = _standing(assignment, metadata)
    if standing and standing.next_at:
        write_json(refused(standing, standing.next_at), place)
        return None
    with contextlib.suppress(OSError):  # where nothing was handed in, there may be no folder
        submission.mkdir(exist_ok=True)

    def keep(report: Report) -> None:
        write_json(judged(assignment, report, metadata, standing), place)

    report = graded(assignment, submission, keep)
    if report.details:
        sys.stderr.write(f"{report.details}\n")
    return report


def find_kit(home: Path) -> Path:
    """Return where the kit lies in an unpacked zip: in Otter's, among the files."""
    folders = [home / "source" / "kit", home / "source" / "files" / "kit"]
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def _standing(assignment: Assignment, metadata: Metadata | None) -> Attempts | None:
    limit = assignment.settings.gradescope.attempts
    return attempts.count(metadata, limit) if limit and metadata else None


def judged(
    assignment: Assignment, report: Report, metadata: Metadata | None, standing: Attempts | None
) -> dict[str, Any]:
    """Return the results of a grading, with what concerns attempts and dates."""
    settings = assignment.settings.gradescope
    notes = [*report.notes, *_shown_later(assignment, metadata)]
    counted = standing.counted if standing else ()
    if standing and (report.our_fault or report.interrupted):
        notes.append("This attempt is not counted.")
    elif standing:
        counted, limit = (*counted, standing.at), standing.limit
        notes.append(f"This is attempt {len(counted)} of {limit.at_most} in {limit.per}.")
    content = results(replace(report, notes=tuple(notes)), settings)
    if standing:
        content["extra_data"] |= attempts.ledger(counted)
    elif settings.attempts:
        content["extra_data"]["attempts not counted"] = "submission_metadata.json cannot be read"
    return content


def refused(standing: Attempts, next_at: datetime) -> dict[str, Any]:
    """Return the earlier results, and that there are no more attempts until then."""
    limit = standing.limit
    kept = dict(standing.kept or {"score": 0.0})
    score = kept.get("score")
    shown = f" Your earlier score, {score:g}, is kept." if isinstance(score, (int, float)) else ""
    kept["output"] = (
        f"Not graded: {limit.at_most} attempts in {limit.per} are allowed, and all of them are used. "
        f"The next one is possible from {_date(next_at)} on.{shown}"
    )
    extra = kept.get("extra_data")
    kept["extra_data"] = (extra if isinstance(extra, dict) else {}) | attempts.ledger(
        standing.counted
    )
    return kept


def _shown_later(assignment: Assignment, metadata: Metadata | None) -> Iterator[str]:
    """Yield when a student will see what is kept back for now."""
    due = metadata.assignment.due_date if metadata else None
    for show, when in (
        (Show.AFTER_DUE_DATE, f"the due date{f', {_date(due)}' if due else ''}"),
        (Show.AFTER_PUBLISHED, "the grades are published"),
    ):
        names = [name for name, q in assignment.questions.items() if q.show is show]
        if names:
            yield f"The hidden checks of {', '.join(names)} are shown after {when}."


def _date(time: datetime) -> str:
    offset = f"{time:%z}"
    return f"{time:%A %d %B %Y, %H:%M} (UTC{offset[:3]}:{offset[3:]})"


if __name__ == "__main__":
    start_over("autograder.platforms.inside.on_gradescope")
    main()
