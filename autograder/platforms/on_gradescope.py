"""Grade what Gradescope has put into /autograder, and leave a whole results.json whatever happens."""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.assignment.config import Assignment, Show, load
from autograder.errors import KitError
from autograder.formats.gradescope import results
from autograder.formats.whole_files import write_json
from autograder.grading.grade import Grader
from autograder.grading.report import Report, not_run
from autograder.platforms import attempts
from autograder.platforms.attempts import Attempts, Metadata
from checks.telling import wording

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
    # Gradescope's own time limit is answered as Ctrl-C is: with what is known by then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = home / "results" / "results.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    assignment = load(find_kit(home))
    metadata = attempts.read_metadata(home / "submission_metadata.json")
    standing = _standing(assignment, metadata)
    if standing and standing.next_at:
        write_json(refused(standing, standing.next_at), place)
        return None
    questions, seed = list(assignment.questions), secrets.randbelow(10**6)
    latest = not_run(assignment, questions, seed)

    def keep(report: Report) -> None:
        nonlocal latest
        latest = report
        with contextlib.suppress(KitError):  # the disk may be full for a moment: the end will tell
            write_json(judged(assignment, report, metadata, standing), place)

    keep(latest)
    try:
        submission.mkdir(exist_ok=True)
        with Grader(assignment) as grader:
            latest = grader.grade(submission, questions, seed, on_report=keep)
    except BaseException:  # whatever it was, the student gets what is known, and a teacher the rest
        details = f"{latest.details}\n{traceback.format_exc()}".strip()
        latest = replace(latest, message=wording.NOT_FINISHED, details=details, interrupted=True)
        sys.stderr.write(traceback.format_exc())
    write_json(judged(assignment, latest, metadata, standing), place)
    return latest


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
    main()
