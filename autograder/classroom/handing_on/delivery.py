"""Write the exports that were asked for into one folder, and say what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FIRST
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch
from autograder.classroom.handing_on import exports, feedback, late, tables
from autograder.classroom.handing_on.exports import Filled
from autograder.classroom.handing_on.feedback import Letter, To
from autograder.classroom.handing_on.late import Policy
from autograder.classroom.handing_on.tables import Template
from autograder.classroom.report import decided, similarity
from autograder.classroom.report.table import number
from autograder.errors import KitError
from autograder.formats.seen import is_kept_back

PLATFORMS = (("canvas", tables.CANVAS), ("moodle", tables.MOODLE))
FOR_MOSS = "moss -l python -d -b {into}/base/{first} {into}/sources/*/*.py"
FOR_JPLAG = "java -jar jplag.jar -l python3 -bc {into}/base {into}/sources"

ELSEWHERE = "name a folder with room that you may write into: --into FOLDER"


@dataclass(frozen=True)
class Wanted:
    """What is to be exported: templates of platforms to fill in, and tables of our own."""

    canvas: Path | None = None
    moodle: Path | None = None
    gradescope: bool = False
    sources: bool = False
    similar: bool = False
    column: str = ""
    feedback: tuple[To, ...] = ()


def write(
    assignment: Assignment, out: Path, into: Path, wanted: Wanted, policy: Policy | None
) -> Iterator[str]:
    """Write each export; yield what a teacher should know of it. Raises KitError."""
    batch = ledger.read_finished(out)
    ledger.mind_written(out, batch)
    if wanted == Wanted(column=wanted.column) and policy is None:
        raise KitError("autograder export", "nothing was asked for",
                       "see `autograder export --help`")  # fmt: skip
    found = late.marks(batch.rows, policy)
    if policy is not None:
        late_ones = sum(one.days > 0 for one in found)
        yield f"{_keep(late.as_table(found), into / 'late.csv')}: {late_ones} late"
    if count := sum(len(one.row.decided) for one in found):
        table = decided.as_table(one.row for one in found)
        yield f"{_keep(table, into / 'decided.csv')}: {count} decisions of people are in these marks"
    unmarked = [f"{one.row.submission} {name}" for one in found for name in one.row.unmarked]
    if unmarked:
        yield f"Not marked by hand yet, and without points for it: {', '.join(unmarked)}."
    for step in {one.row.round for one in found if one.row.round}:
        yield f"Marks are rounded to multiples of {number(step)}, after everything else."
    templates = {
        name: tables.read(path, platform)
        for name, platform in PLATFORMS
        if (path := getattr(wanted, name)) is not None
    }
    ready, none = list[Letter](), list[str]()
    if wanted.feedback:
        ready, none = feedback.letters(out, batch, assignment, found)
    comments = None
    if To.MOODLE in wanted.feedback:
        comments = {one.row.submission: one.summary for one in ready}
    for name, template in templates.items():
        filled = exports.fill(template, found, batch.assignment, wanted.column, comments)
        yield f"{_keep(filled.content, into / f'{name}.csv')}: {filled.marked} marks"
        yield from _told_of(filled, template, comments is not None)
    if templates and is_kept_back(assignment, batch.shown):
        yield (
            f"Marks hold all checks; feedback, what may be seen {batch.shown.value}. Publish marks when "
            "the rest may be seen, and write the feedback anew then."
        )
    if wanted.feedback:
        yield from _give_back(assignment, batch, into, wanted, ready, none, templates)
    if wanted.gradescope:
        content = exports.gradescope(out, batch, found, policy is not None)
        yield f"{_keep(content, into / 'gradescope.csv')}: {len(found)} submissions"
    if wanted.sources or wanted.similar:
        yield from _search(assignment, out, batch, into, wanted)
    yield from late.warnings(batch.rows, found, policy)


def _told_of(filled: Filled, template: Template, comments: bool) -> Iterator[str]:
    path, comment = template.path, template.platform.comment
    if filled.without_line:
        yield f"Without a line in {path}: {'; '.join(filled.without_line)}."
    if filled.without_marks:
        yield f"In {path}, and without marks: {'; '.join(filled.without_marks)}."
    if filled.kept:
        yield f"Somebody's own comment stays for: {'; '.join(filled.kept)}."
    if comments and comment and comment not in template.columns:
        yield f"{path} has no column {comment!r}: allow them in the assignment's settings for summaries."


def _give_back(
    assignment: Assignment,
    batch: Batch,
    into: Path,
    wanted: Wanted,
    ready: Sequence[Letter],
    none: Sequence[str],
    templates: Mapping[str, Template],
) -> Iterator[str]:
    """Write feedback for whatever takes it up, and list who gets none."""
    yield f"Feedback shows what may be seen {batch.shown.value}."
    for to in dict.fromkeys(wanted.feedback):
        if to is To.MOODLE:
            back = feedback.for_moodle(ready, templates.get("moodle"))
        elif to is To.CANVAS:
            back = feedback.for_canvas(ready)
        else:
            back = feedback.as_mail(ready, batch.assignment, list(templates.values()))
            for draft in (into / "mail").glob("*.eml"):  # of an earlier export
                draft.unlink(missing_ok=True)
        for name, content in back.files.items():
            _keep(content, into / name)
        yield from feedback.told(back, to, into)
    if none:
        yield f"Without feedback: {'; '.join(sorted(none))}."


def _search(
    assignment: Assignment, out: Path, batch: Batch, into: Path, wanted: Wanted
) -> Iterator[str]:
    files = similarity.write_sources(out, batch.rows, assignment, into)
    yield f"{into / 'sources'}: {len(files)} files; what all were given lies in {into / 'base'}"
    if wanted.sources:
        yield f"    {FOR_MOSS.format(into=into, first=FIRST)}"
        yield f"    {FOR_JPLAG.format(into=into)}"
    if wanted.similar:
        found = similarity.pairs(files, into / similarity.BASE, batch.rows)
        place = _keep(similarity.as_table(found), into / "pairs.csv")
        yield f"{place}: {len(found)} pairs to look at. They are no verdicts."


def _keep(content: bytes, place: Path) -> Path:
    try:
        ledger.Ledger(place.parent, None).write(content, place)
    except KitError as error:  # a class may lie on a share that is only read
        raise KitError(error.where, error.what, ELSEWHERE) from None
    return place
