"""Know what is graded already: a folder of records, one a submission and suite, and the class's rows."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

import msgspec

from autograder.assignment.config import Assignment, Show
from autograder.assignment.points import rounded, total_of
from autograder.classroom.book import records
from autograder.errors import KitError
from autograder.formats.seen import When
from autograder.formats.whole_files import as_json, write_whole
from autograder.grading.report import Report

FILE, RECORDS, LOCK = "batch.json", ".graded", ".lock"
DECISIONS, BY_HAND = "decisions.csv", "by_hand.csv"  # what people write into the folder
WRITTEN = (DECISIONS, BY_HAND)
FORMAT = 1
AGAIN = "make room, then give the same command again: nothing that is graded is lost"


class Status(str, Enum):
    """What became of a submission."""

    GRADED = "graded"
    REFUSED = "not readable"
    OUR_FAULT = "our fault"
    MISSING = "nothing handed in"
    SUPERSEDED = "superseded"  # graded as well, and a later one of the same student counts


@dataclass(frozen=True)
class Decided:
    """What a person has decided about a question of a submission.

    told       as it was written: points that count ("12"), or what is added to the automatic ones ("+2")
    points     what counts now
    automatic  what the tests gave in this run
    first      what they gave in the run that applied the decision first
    content    a digest of what was handed in then
    """

    question: str
    told: str
    reason: str
    by: str
    points: float
    automatic: float
    first: float
    content: str


@dataclass(frozen=True)
class Given:
    """What a person gives for a question that has no tests, or for a line of its rubric.

    title   of the question
    line    of the rubric; "" where the question has none
    most    its maximum
    points  None while nobody has given any
    show    what students see of it, as grading.yml says
    """

    question: str
    title: str
    line: str
    most: float
    points: float | None = None
    comment: str = ""
    by: str = ""
    show: Show = Show.VISIBLE


@dataclass(frozen=True)
class Row:
    """One submission of a class, and what it came to.

    score      the sum of the questions' points
    questions  the points of each question that was graded, as decisions have left them
    key        of its record; "" where there is none
    content    a digest of what was handed in
    file       one of its files as the platform has named it, where what comes back needs that name
    """

    submission: str
    student: str
    who: str
    folder: str
    status: Status
    counts: bool
    score: float = 0.0
    max_score: float = 0.0
    questions: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    key: str = ""
    content: str = ""
    handed_in: datetime | None = None
    late: bool = False
    email: str = ""
    sid: str = ""
    file: str = ""
    decided: tuple[Decided, ...] = ()
    round: float = 0.0  # to a multiple of this many points, where it is not 0
    by_hand: tuple[Given, ...] = ()

    @property
    def unmarked(self) -> list[str]:
        """The questions for which people have still to give points."""
        return list(dict.fromkeys(one.question for one in self.by_hand if one.points is None))

    @property
    def mark(self) -> float:
        """The score as it is rounded, where nothing else is taken off."""
        return rounded(self.score, self.round, self.max_score)

    @property
    def automatic(self) -> float:
        """The score without what people have decided."""
        graded = dict(self.questions) | {one.question: one.automatic for one in self.decided}
        return total_of(graded.values()) if self.decided else self.score


@dataclass(frozen=True)
class Batch:
    """What the folder of a class says of itself.

    suite     the digest of what was graded with
    written   digests of what people had written, by file
    finished  False while a run is under way, or where it was stopped: the rows are older then
    shown     what students may see in the feedback files as they are
    """

    assignment: str
    suite: str
    version: str
    seed: int
    questions: tuple[str, ...]
    finished: bool = False
    rows: tuple[Row, ...] = ()
    format: int = FORMAT
    shown: When = When.BEFORE_DUE
    written: Mapping[str, str] = field(default_factory=dict)


def is_output(folder: Path) -> bool:
    """Whether a batch has written into this folder, be it only that it began."""
    try:
        return (folder / FILE).is_file() and (folder / LOCK).is_file()
    except PermissionError:  # whatever it is, we have not made it
        return False


def read(out: Path) -> Batch:
    """Return what a class's folder says of itself. Raises KitError if it is none."""
    try:
        batch = msgspec.json.decode((out / FILE).read_bytes(), type=Batch)
    except FileNotFoundError:
        raise KitError(str(out), f"this is no output of `autograder batch`: it has no {FILE}",
                       "name the folder that was given to --out") from None  # fmt: skip
    except (OSError, ValueError) as error:
        raise KitError(str(out / FILE), f"it cannot be read: {error}",
                       "remove it and give the batch again: the records stay") from None  # fmt: skip
    if batch.format != FORMAT:
        raise KitError(str(out), f"another version of the kit wrote it (format {batch.format})",
                       "grade into another folder") from None  # fmt: skip
    return batch


def read_finished(out: Path) -> Batch:
    """Return a class that is graded to its end. Raises KitError."""
    batch = read(out)
    if not batch.finished:
        raise KitError(str(out), "this class is not graded to its end",
                       "give its `autograder batch` again: it goes on where it was")  # fmt: skip
    return batch


def mind_written(out: Path, batch: Batch) -> None:
    """Raise KitError if people have written something else since the class was graded."""
    for name in WRITTEN:
        if written_in(out, name) != batch.written.get(name, ""):
            raise KitError(str(out / name), "it has changed since the class was graded",
                           "give its `autograder batch` again: nothing is graded anew")  # fmt: skip


def written_in(out: Path, name: str) -> str:
    """Return a digest of a file that people write; "" where there is none."""
    try:
        return hashlib.sha256((out / name).read_bytes()).hexdigest()[:32]
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise KitError(str(out / name), f"cannot be read: {error.strerror}",
                       "make it a file that you can read, or remove it") from None  # fmt: skip


def take_over_written(earlier: Path, book: Ledger) -> None:
    """Copy what people have written about an earlier grading, unless there is something already."""
    for name in WRITTEN:
        if written_in(earlier, name) and not written_in(book.out, name):
            book.write((earlier / name).read_bytes(), book.out / name)


def record(out: Path, key: str) -> Report | None:
    """Return what is kept under a key; None if there is nothing that can be read."""
    try:
        return records.report_of(_place(out, key).read_bytes())
    except (OSError, ValueError):  # never written, or damaged: it is graded anew
        return None


def records_of(out: Path, content: str) -> Iterator[Report]:
    """Yield what a class's folder keeps of a submission with this digest, the latest first."""
    kept = _place(out, content).parent.glob(f"{content}-*.record")
    for path in sorted(kept, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        report = record(out, path.stem)
        if report is not None:
            yield report


def _place(out: Path, key: str) -> Path:
    return out / RECORDS / key[:2] / f"{key}.record"


class Ledger:
    """The folder of a class that is being graded. Only one run at a time has it."""

    def __init__(self, out: Path, earlier: Batch | None) -> None:
        self.out, self.earlier = out, earlier

    @property
    def seed(self) -> int | None:
        """The seed that the folder was graded with; None if nothing was yet.

        Where the folder's own file was lost, the latest record tells: with another seed, all that is
        graded would be graded anew.
        """
        if self.earlier is not None:
            return self.earlier.seed
        kept = (self.out / RECORDS).glob("*/*.record")
        for path in sorted(kept, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            report = record(self.out, path.stem)
            if report is not None:
                return report.seed
        return None

    def get(self, key: str) -> Report | None:
        """Return a report that stands. What failed by our fault is tried again."""
        report = record(self.out, key)
        return None if report is None or report.our_fault or report.interrupted else report

    def put(self, key: str, report: Report) -> None:
        """Keep a report. Raises KitError if there is no room."""
        place = _place(self.out, key)
        self.write(records.as_bytes(report), place)

    def write(self, content: bytes, place: Path) -> None:
        """Write a file whole, or not at all. Raises KitError."""
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_whole(content, place)
        except OSError as error:
            raise KitError(str(place), f"cannot be written: {error.strerror}", AGAIN) from None
        except KitError as error:
            raise KitError(error.where, error.what, AGAIN) from None

    def begin(self, batch: Batch) -> None:
        """Say that a run is under way; the rows of the earlier one are kept until its end."""
        rows = self.earlier.rows if self.earlier else ()
        self.keep(replace(batch, rows=rows, finished=False))

    def keep(self, batch: Batch) -> None:
        """Write what the folder says of itself."""
        content: object = msgspec.to_builtins(batch)
        assert isinstance(content, Mapping)
        self.write(as_json(content), self.out / FILE)


@contextlib.contextmanager
def opened(out: Path, assignment: Assignment) -> Iterator[Ledger]:
    """Open a class's folder, or make it. Raises KitError if it is something else, or in use."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = [path.name for path in out.iterdir() if path.name not in (LOCK, *WRITTEN)]
        lock = (out / LOCK).open("wb")
    except OSError as error:
        raise KitError(str(out), f"cannot be used: {error.strerror}",
                       "name a folder that you may write into") from None  # fmt: skip
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KitError(str(out), "another `autograder batch` is writing into it",
                           "wait for its end, or name another folder") from None  # fmt: skip
        yield Ledger(out, _earlier(out, taken, assignment))


def _earlier(out: Path, taken: Sequence[str], assignment: Assignment) -> Batch | None:
    if FILE not in taken:
        if taken and RECORDS not in taken:
            raise KitError(str(out), "it holds other things than a class's grades",
                           "name an empty folder, or a new one")  # fmt: skip
        return None
    earlier = read(out)
    title = assignment.settings.assignment
    if earlier.assignment != title:
        raise KitError(str(out), f"it holds another assignment, {earlier.assignment!r}",
                       f"name another folder for {title!r}")  # fmt: skip
    return earlier
