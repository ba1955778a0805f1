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

from autograder import __version__
from autograder.assignment.config import Assignment
from autograder.classroom.book import records
from autograder.errors import KitError
from autograder.formats.whole_files import as_json, write_whole
from autograder.grading.report import Report
from autograder.submission.reading import Parcel

FILE, RECORDS, LOCK = "batch.json", ".graded", ".lock"
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
class Row:
    """One submission of a class, and what it came to.

    questions  the points of each question that was graded
    key        of its record; "" where there is none
    content    a digest of what was handed in
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


@dataclass(frozen=True)
class Batch:
    """What the folder of a class says of itself.

    suite     the digest of what was graded with
    finished  False while a run is under way, or where it was stopped: the rows are older then
    """

    assignment: str
    suite: str
    version: str
    seed: int
    questions: tuple[str, ...]
    finished: bool = False
    rows: tuple[Row, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True)
class Terms:
    """What a record depends on, apart from what was handed in."""

    suite: str
    seed: int
    questions: tuple[str, ...]
    version: str = __version__

    def key(self, content: str) -> str:
        """Return the name of the record of a submission with this digest."""
        terms = [content, self.suite, self.version, str(self.seed), *self.questions]
        return hashlib.sha256("\n".join(terms).encode()).hexdigest()[:32]


def digest(parcel: Parcel) -> str:
    """Return a digest that differs if anything differs that a grading could depend on."""
    whole = hashlib.sha256(msgspec.json.encode([parcel.sources, parcel.notes, parcel.refused]))
    for name, content in sorted(parcel.files.items()):
        whole.update(f"{name}\n{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:32]


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


def record(out: Path, key: str) -> Report | None:
    """Return what is kept under a key; None if there is nothing that can be read."""
    try:
        return records.report_of(_place(out, key).read_bytes())
    except (OSError, ValueError):  # never written, or damaged: it is graded anew
        return None


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
        taken = [path.name for path in out.iterdir() if path.name != LOCK]
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
