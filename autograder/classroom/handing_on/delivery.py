"""Write the exports that were asked for into one folder, and say what came of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FIRST
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch
from autograder.classroom.handing_on import exports, late
from autograder.classroom.handing_on.late import Policy
from autograder.classroom.report import similarity
from autograder.errors import KitError

PLATFORMS = (("canvas", exports.CANVAS), ("moodle", exports.MOODLE))
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


def write(
    assignment: Assignment, out: Path, into: Path, wanted: Wanted, policy: Policy | None
) -> Iterator[str]:
    """Write each export; yield what a teacher should know of it. Raises KitError."""
    batch = ledger.read_finished(out)
    if wanted == Wanted(column=wanted.column) and policy is None:
        raise KitError("autograder export", "nothing was asked for",
                       "see `autograder export --help`")  # fmt: skip
    found = late.marks(batch.rows, policy)
    if policy is not None:
        late_ones = sum(one.days > 0 for one in found)
        yield f"{_keep(late.as_table(found), into / 'late.csv')}: {late_ones} late"
    for name, platform in PLATFORMS:
        template: Path | None = getattr(wanted, name)
        if template is not None:
            filled = exports.fill(template, platform, found, batch.assignment, wanted.column)
            yield f"{_keep(filled.content, into / f'{name}.csv')}: {filled.marked} marks"
            if filled.without_line:
                yield f"Without a line in {template}: {', '.join(filled.without_line)}."
    if wanted.gradescope:
        content = exports.gradescope(out, batch, found, policy is not None)
        yield f"{_keep(content, into / 'gradescope.csv')}: {len(found)} submissions"
    if wanted.sources or wanted.similar:
        yield from _search(assignment, out, batch, into, wanted)
    yield from late.warnings(batch.rows, found, policy)


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
