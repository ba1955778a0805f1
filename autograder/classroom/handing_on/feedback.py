"""Give feedback back: as a platform takes it up, or as drafts of mails. Nothing is ever back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTPUTF8
from enum import Enum
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Row, Status
from autograder.classroom.finding.layouts import CANVAS as OF_CANVAS
from autograder.classroom.handing_on import tables
from autograder.classroom.handing_on.late import Marks
from autograder.classroom.handing_on.tables import Template, called
from autograder.classroom.report import decided
from autograder.classroom.report.handouts import FEEDBACK_TEXT, by_the_mark_sheet
from autograder.classroom.report.page import FEEDBACK, SUBMISSIONS
from autograder.classroom.report.table import as_csv, number
from autograder.formats.seen import view

ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
NOT_IN_NAMES = re.compile(r'[_/\\:*?"<>|\x00-\x1f]+')  # Moodle cuts a name at "_"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # in a zip: the same feedback makes the same file
NO_NUMBER = "no participant number: give the worksheet with --moodle"
NO_FILE = "Canvas takes up only what is named as in its download: grade that, unchanged"
OLD = "graded by an earlier version of the kit: give the batch again, nothing is graded anew"
NO_ADDRESS = "no e-mail address: give a table that has it, with --moodle or --canvas"


class To(str, Enum):
    """Where feedback goes."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    MAIL = "mail"


@dataclass(frozen=True)
class Letter:
    """What one submission's authors get.

    page     feedback.html
    text     feedback.txt
    summary  their points in a line or two, with no more than they may see
    points   what they may see of the total
    """

    row: Row
    page: bytes
    text: str
    summary: str
    points: tuple[float, float]


@dataclass(frozen=True)
class GivenBack:
    """What is written: files by name, the first of which is to be uploaded or opened.

    count   how many submissions are in it
    nobody  who is not, each with the reason
    """

    files: Mapping[str, bytes]
    count: int
    nobody: tuple[str, ...]


def letters(
    out: Path, batch: Batch, assignment: Assignment, found: Sequence[Marks]
) -> tuple[list[Letter], list[str]]:
    """Return every submission's feedback as it lies in the output, and who has none, with the reason."""
    ready, none = [], []
    for row in batch.rows:
        if row.counts and row.status is Status.MISSING:
            none.append(f"{called(row)}: nothing handed in")
        elif row.counts and row.status is Status.OUR_FAULT:
            none.append(f"{called(row)}: the grader failed")
    for one in found:
        try:
            ready.append(_letter(out, batch, assignment, one))
        except (OSError, UnicodeDecodeError):
            none.append(f"{called(one.row)}: its feedback cannot be read, `autograder feedback` "
                        "writes it anew")  # fmt: skip
    return ready, none


def _letter(out: Path, batch: Batch, assignment: Assignment, one: Marks) -> Letter:
    folder = out / SUBMISSIONS / one.row.folder
    page, text = (folder / FEEDBACK).read_bytes(), (folder / FEEDBACK_TEXT).read_text("utf-8")
    report = ledger.record(out, one.row.key)
    if report is None:
        raise FileNotFoundError(one.row.key)
    seen = view(by_the_mark_sheet(report, assignment), batch.shown)
    each = ", ".join(f"{q.result.id} {_shown(q.points)} of {_shown(q.most)}"
                     for q in seen.questions if q.most)  # fmt: skip
    said = [f"{_shown(seen.points)} of {_shown(seen.most)} points: {each}.", *seen.kept_back]
    said += [line.strip() for line in decided.as_text(one.row, seen, batch.shown)]
    if one.penalty and not seen.partial:
        days = "1 day" if one.days == 1 else f"{one.days} days"
        said.append(f"Handed in {days} late: {_shown(one.penalty)} points less, "
                    f"{_shown(one.final)} in all.")  # fmt: skip
    return Letter(one.row, page, text, " ".join(said), (seen.points, seen.most))


def _shown(points: float) -> str:
    return number(round(points, 2))


def for_moodle(ready: Sequence[Letter], worksheet: Template | None) -> GivenBack:
    """Return the zip for *Upload multiple feedback files in a zip*.

    A file's name begins as in Moodle's own download, by which Moodle finds the participant.
    """
    own = tables.find(worksheet, [one.row for one in ready]) if worksheet else None
    files, nobody, count = {}, list(own.nowhere if own else ()), 0
    for one in ready:
        if worksheet and own:
            lines = own.lines.get(one.row.submission, ())
            those = [(worksheet.student(n), worksheet.cell(n, "Identifier")) for n in lines]
        else:
            platform, _, told = one.row.who.partition(" ")
            those = [(one.row.student, told)] if platform == "moodle" else []
            nobody += [] if those else [f"{called(one.row)}: {NO_NUMBER}"]
        for name, told in those:
            digits = re.sub(r"^.*?(\d+)$", r"\1", told)
            files[f"{_for_moodle(name)}_{digits}_assignsubmission_file_{FEEDBACK}"] = one.page
        count += bool(those)
    return GivenBack({"feedback-moodle.zip": _zip(files)}, count, tuple(nobody))


def _for_moodle(name: str) -> str:
    return NOT_IN_NAMES.sub("-", name).strip(".~ ") or "Participant"


def for_canvas(ready: Sequence[Letter]) -> GivenBack:
    """Return the zip for *Upload Submissions*.

    Canvas looks for the numbers of a student and of a file that they have handed in; it may show what
    comes back under that file's name, so it is plain text.
    """
    files, nobody = {}, []
    for one in ready:
        match = OF_CANVAS.fullmatch(one.row.file)
        if one.row.who.startswith("canvas ") and not one.row.file:
            nobody.append(f"{called(one.row)}: {OLD}")
        elif match is None or not match["who"].isdecimal():
            nobody.append(f"{called(one.row)}: {NO_FILE}")
        else:
            begin = one.row.file.removesuffix(match["rest"])
            files[begin + FEEDBACK_TEXT] = one.text.encode()
    return GivenBack({"feedback-canvas.zip": _zip(files)}, len(files), tuple(nobody))


def as_mail(ready: Sequence[Letter], assignment: str, known: Sequence[Template]) -> GivenBack:
    """Return a draft for each submission, and a table of them for programs that merge mails."""
    addresses, nobody = _addresses(ready, known)
    files, lines = {}, []
    subject = f"{assignment}: your feedback"
    for one in ready:
        own = addresses.get(one.row.submission, ())
        if own:
            name = f"mail/{one.row.folder}.eml"
            files[name] = _draft(one, subject, own)
            points = (number(round(value, 4)) for value in one.points)
            lines.append([one.row.submission, one.row.student, ", ".join(own), subject, *points,
                          one.summary, name])  # fmt: skip
    header = ["submission", "student", "email", "subject", "points", "of", "summary", "draft"]
    table = {"mail.csv": as_csv([header, *lines])}
    return GivenBack(table | files, len(lines), tuple(nobody))


def _addresses(
    ready: Sequence[Letter], known: Sequence[Template]
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the addresses of each submission: its own, else those of its lines in the tables."""
    found = {one.row.submission: _valid([author.email for author in tables.authors(one.row)])
             for one in ready}  # fmt: skip
    unknown = [one.row for one in ready if not found[one.row.submission]]
    reasons: dict[str, str] = {}
    for template in known:
        own = tables.find(template, unknown)
        for row in unknown:
            if not found[row.submission]:
                lines = own.lines.get(row.submission, ())
                cells = [template.cell(line, head) for line in lines
                         for head, kind in template.platform.names if kind == "email"]  # fmt: skip
                found[row.submission] = _valid(cells)
        reasons |= {told.partition(": ")[0]: told for told in own.nowhere if ": " in told}
    nobody = [called(row) for row in unknown if not found[row.submission]]
    return found, [reasons.get(label, f"{label}: {NO_ADDRESS}") for label in nobody]


def _valid(addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in addresses if ADDRESS.fullmatch(text)))


def _draft(one: Letter, subject: str, addresses: Sequence[str]) -> bytes:
    """Return a mail as a file that a mail program opens to be looked at and sent, or not."""
    draft = EmailMessage(policy=SMTPUTF8)
    draft["To"] = ", ".join(addresses)
    draft["Subject"] = subject
    draft["X-Unsent"] = "1"
    draft.set_content(f"{one.summary}\n\n{one.text}")
    draft.add_attachment(one.page.decode(), subtype="html", filename=FEEDBACK)
    draft.set_boundary(f"feedback-{one.row.key}")  # the same feedback makes the same file
    return draft.as_bytes()


def _zip(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, told in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, EARLIEST), told, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def told(back: GivenBack, to: To, into: Path) -> Iterator[str]:
    """Yield what was written for whom, what to do with it, and who gets none."""
    first = into / next(iter(back.files))
    steps = {
        To.MOODLE: "upload it with *Upload multiple feedback files in a zip*",
        To.CANVAS: "upload it with *Upload Submissions*",
        To.MAIL: f"drafts in {into / 'mail'}; nothing is sent",
    }
    yield f"{first}: feedback for {back.count} submissions; {steps[to]}"
    if back.nobody:
        yield f"Without feedback for {to.value}: {'; '.join(back.nobody)}."
