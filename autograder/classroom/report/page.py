"""Write what is read in a browser: the report of a class, and a page for each submission."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from autograder.classroom.book.ledger import Batch, Row
from autograder.classroom.report.concerns import Concern, Why
from autograder.classroom.report.decided import for_student, in_full, since
from autograder.classroom.report.history import Run, over_time
from autograder.classroom.report.table import number
from autograder.classroom.report.tally import Tally
from autograder.formats.seen import NOT_SHOWN, When, view
from autograder.grading.report import Report
from checks.telling.wording import Verdict

SLOWEST = 10
LOOK_AT = "look_at.csv"
SUBMISSIONS, DETAILS = "submissions", "details"
FEEDBACK = "feedback.html"
PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("autograder.classroom.report"),
    undefined=jinja2.StrictUndefined,
    autoescape=True,  # every name and message in them is somebody else's
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters |= {
    "number": number,
    "points": lambda value: value if value == "" else number(round(value, 2)),
    "figure": lambda value: "-" if value is None else f"{value:.1f}",
    "path": lambda name: quote(name, safe=""),
}
PAGES.globals["since"] = since
STYLE, SCRIPT = (
    Markup((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))
    for name in ("style.css", "report.js")
)
PAGES.globals["style"] = STYLE
TONES = {
    Verdict.PASSED.value: "good",
    Verdict.PARTLY.value: "some",
    Verdict.FAILED.value: "bad",
    Verdict.NOT_REACHED.value: "soft",
    Verdict.NOT_STARTED.value: "soft",
    Verdict.OUR_FAULT.value: "odd",
    NOT_SHOWN: "soft",
}


def report_page(
    batch: Batch,
    tally: Tally,
    left_out: Sequence[str],
    concerns: Sequence[Concern] = (),
    earlier: Sequence[Run] = (),
) -> bytes:
    """Return report.html: the whole class on one page that needs no other file to be read."""
    rows = batch.rows
    runs, named = over_time(earlier, tally.mistakes, len(tally.scores))
    context = {
        "runs": runs if earlier else (),
        "named": named,
        "batch": batch,
        "rows": rows,
        "tally": tally,
        "left_out": left_out,
        "statuses": _statuses(rows),
        "slowest": sorted(rows, key=lambda r: (-r.seconds, r.submission))[:SLOWEST],
        "rounds": max((row.round for row in rows), default=0.0),
        "unmarked": [row for row in rows if row.counts and row.unmarked],
        "decided": [(row, one) for row in rows for one in row.decided],
        "concerns": _by_reason(concerns),
        "look_at": LOOK_AT,
        "poor": [c for q in tally.questions.values() for c in q.listed if c.item.is_poor],
        "of": {row.submission: row for row in rows},
        "highest": max((bin.count for bin in tally.bins), default=0) or 1,
        "details": DETAILS,
        "script": SCRIPT,
        "script_hash": f"sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}",
    }
    return _rendered("report.html.j2", context)


def _by_reason(concerns: Iterable[Concern]) -> dict[Why, list[Concern]]:
    found: dict[Why, list[Concern]] = {}
    for one in concerns:
        found.setdefault(one.why, []).append(one)
    return found


def _statuses(rows: Iterable[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.status.value] = found.get(row.status.value, 0) + 1
    return dict(sorted(found.items()))


def submission_page(row: Row, report: Report, assignment: str, when: When | None) -> bytes:
    """Return the page of one submission.

    when  leave out what grading.yml keeps from students then, and what is for teachers
    """
    seen = view(report, when)
    told = in_full(row) if when is None else for_student(row, seen, when)
    context = {
        "row": row,
        "decided": told.decided,
        "given": told.given,
        "in_all": told.in_all,
        "report": report,
        "assignment": assignment,
        "seen": seen,
        "as_student": when is not None,
        "tones": TONES,
        "feedback": f"../{SUBMISSIONS}/{quote(row.folder, safe='')}/{FEEDBACK}",
        "superseded": not row.counts,
    }
    return _rendered("submission.html.j2", context)


def _rendered(template: str, context: Mapping[str, Any]) -> bytes:
    return PAGES.get_template(template).render(context).encode("utf-8", "backslashreplace")
