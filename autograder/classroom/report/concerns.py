"""List what a person should look at before marks are published: each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report.table import as_csv, name_order, number
from autograder.grading.report import Report
from checks.telling import wording
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

NEAR = 1.0  # points between a score and a boundary
DROP = 0.1  # of all points
# Sentences are recognised by the words in them that are always the same.
FORBIDDEN = (wording.forbidden("", "").strip("` "), wording.WITHHELD["forbidden"])
LOADING = wording.stopped_at_import("", "").strip()
EXCEPTION = re.compile(r"^(?:got|at) +(.+)$", re.MULTILINE)


class Why(Enum):
    """A reason to look at something, in the order in which it is listed, and what to do about it."""

    OUR_FAULT = "The grader failed", "Give the same batch again; what stays is a fault of the kit."
    BUSY = "The machine was too busy", "Grade it again when less runs beside it."
    REFUSED = "Not readable", "Nothing was graded. Does a new file earn marks with you?"
    NOT_LOADED = (
        "Not loaded, or a name is missing",
        "These points are lost to one line, and not to what was written.",
    )
    FORBIDDEN = "Calls that are not allowed", "Is it what was meant to be written by hand?"
    SAME = "The same files", "Nothing of this is in what was given out. It is no verdict."
    ALIKE = (
        "Nearly the same files",
        "Without what was given out, and without what many of the class have. It is no verdict.",
    )
    DROPPED = (
        "Far fewer points than in the run before",
        "What has changed: the file, or the checks?",
    )
    BOUNDARY = "Close to a boundary", "A check that is doubtful decides here."
    MISSING = "Nothing handed in", "The platform lists these without a file."
    NOTE = "Notes on how it was read", "Their authors read the same."

    @property
    def title(self) -> str:
        return self.value[0]

    @property
    def advice(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class Concern:
    """One entry: whom it is about, and what was seen."""

    why: Why
    submissions: tuple[str, ...]
    what: str


def of_report(submission: str, report: Report) -> Iterator[Concern]:
    """Yield what one submission's report gives reason for."""
    own = (submission,)
    if report.too_busy:
        yield Concern(Why.BUSY, own, "its time limits may have been reached for that reason")
    if report.our_fault or report.interrupted:
        faults = [q.id for q in report.questions if q.verdict is Verdict.OUR_FAULT]
        yield Concern(Why.OUR_FAULT, own, f"not judged: {', '.join(faults) or 'what was left'}")
    elif report.message:
        yield Concern(Why.REFUSED, own, report.message)
    else:
        yield from _of_outcomes(own, report)
    for note in report.notes:
        yield Concern(Why.NOTE, own, note)


def _of_outcomes(own: tuple[str, ...], report: Report) -> Iterator[Concern]:
    """Yield what was said of a whole file or of a call: what it costs, and each sentence once."""
    found: dict[Why, dict[str, dict[str, None]]] = {}
    for question in report.questions:
        for outcome in question.outcomes:
            if why := _why(outcome):
                said = found.setdefault(why, {}).setdefault(_brief(outcome.message), {})
                said[question.id] = None
    for why, sentences in found.items():
        told = (f"{', '.join(questions)}: {said}" for said, questions in sentences.items())
        yield Concern(why, own, "; ".join(told))


def _why(outcome: Outcome) -> Why | None:
    said = outcome.message
    if any(words in said.partition("\n")[0] for words in FORBIDDEN):
        return Why.FORBIDDEN
    if LOADING in said:
        return Why.NOT_LOADED
    of_others = said.startswith((_until(wording.fails_first("\0")), *NOT_YET))
    return Why.NOT_LOADED if outcome.verdict is Verdict.NOT_REACHED and not of_others else None


def _until(said: str) -> str:
    return said.partition("\0")[0]


NOT_YET = (_until(wording.counts_beside("\0")), wording.NOT_COUNTED)


def _brief(message: str) -> str:
    """Return the first line of a message; of an exception, what it said and where."""
    raised = EXCEPTION.findall(message) if message.startswith(("called", "got")) else []
    ends = [*raised[:1], *raised[1:][-1:]]
    return "; ".join(ends) or message.partition("\n")[0]


def of_rows(
    rows: Iterable[Row], earlier: Iterable[Row], boundaries: Sequence[float]
) -> Iterator[Concern]:
    """Yield what only the marks give reason for: boundaries, a fall, nothing handed in."""
    before = {row.submission: row for row in earlier if row.counts}
    for row in (row for row in rows if row.counts):
        own = (row.submission,)
        if row.status is Status.MISSING:
            yield Concern(Why.MISSING, own, "")
        elif row.status is Status.GRADED:
            yield from _close(row, boundaries)
        if row.submission in before and row.status is not Status.OUR_FAULT:
            yield from _dropped(before[row.submission], row)


def _close(row: Row, boundaries: Sequence[float]) -> Iterator[Concern]:
    for boundary in boundaries:
        away = row.score - boundary
        if abs(away) <= NEAR + 1e-9:
            side = f"{number(round(abs(away), 2))} {'above' if away > 0 else 'below'}"
            said = f"{number(row.score)} points: {side if away else 'on'} {number(boundary)}"
            yield Concern(Why.BOUNDARY, (row.submission,), said)


def _dropped(was: Row, now: Row) -> Iterator[Concern]:
    lost = was.score - now.score
    if was.status is Status.OUR_FAULT or was.max_score != now.max_score:
        return  # these scores mean different things
    if lost > 0 and lost >= DROP * now.max_score:
        again = was.content != now.content
        why = "another content was handed in" if again else "the same files"
        said = f"{number(was.score)} -> {number(now.score)} points, {why}"
        yield Concern(Why.DROPPED, (now.submission,), said)


def ordered(concerns: Iterable[Concern]) -> list[Concern]:
    """Return them as a list to work through: by reason, then as people sort names."""
    place = {why: n for n, why in enumerate(Why)}
    return sorted(concerns, key=lambda c: (place[c.why], name_order(c.submissions[0]), c.what))


def as_table(concerns: Iterable[Concern]) -> bytes:
    """Return look_at.csv: a line for each entry."""
    lines = [[one.why.title, ", ".join(one.submissions), one.what] for one in concerns]
    return as_csv([["reason", "submissions", "what"], *lines])
