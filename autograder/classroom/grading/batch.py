"""Grade a class: everything that is not graded yet, and the tables and pages of all of it."""

from __future__ import annotations

import secrets
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from autograder.assignment.config import Assignment
from autograder.assignment.points import total_of
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Batch, Ledger, Row, Status
from autograder.classroom.book.terms import NOTHING, Kept, Terms, digest, terms_of
from autograder.classroom.finding.roster import Entry, Roster, find
from autograder.classroom.finding.sections import section_of
from autograder.classroom.grading import by_hand, decisions, reuse
from autograder.classroom.grading.by_hand import Marking
from autograder.classroom.grading.decisions import Decisions
from autograder.classroom.grading.pace import pace
from autograder.classroom.grading.unchanged import Suite
from autograder.classroom.report import concerns, handouts, page, same_files, similarity, table
from autograder.classroom.report.concerns import Concern
from autograder.classroom.report.history import Run
from autograder.classroom.report.same_files import SameFiles
from autograder.classroom.report.table import name_order
from autograder.classroom.report.tally import Tally
from autograder.errors import KitError
from autograder.formats.seen import When
from autograder.formats.whole_files import FULL
from autograder.grading.pool import Job
from autograder.grading.report import Report, collect, refuse
from autograder.isolation.layers import Layer
from autograder.submission.reading import Parcel, read

if TYPE_CHECKING:
    from autograder.isolation.workers import Listener

GRADES, REPORT = "grades.csv", "report.html"
SEEDS = 10**6


class Graders(Protocol):
    """Whatever grades many: the processes of this machine, or a cluster."""

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        """Yield every job with its report, as they get done."""


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    seed     of the tests' inputs, the same for the whole class; None: the one that it had before
    earlier  a class whose seed is taken over, so that the two can be compared
    when     what students may see in their feedback
    by_hand  the questions that people mark
    against  its folder: what people have decided there is taken over as well, and what is graded there
    bounds   points at which a better grade begins
    sections of students, by the names that they go by
    history  earlier runs of the class, whose mistakes are told beside this one's
    similar  whether files that are nearly the same are looked for as well
    """

    questions: tuple[str, ...]
    seed: int | None = None
    earlier: Batch | None = None
    when: When = When.BEFORE_DUE
    against: Path | None = None
    by_hand: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    similar: bool = False
    history: tuple[Run, ...] = ()
    sections: Mapping[frozenset[str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What became of a run.

    graded  of how many submissions something was graded
    kept    of how many nothing was, as it had been before
    partly  of how many it was these questions alone
    """

    batch: Batch
    graded: int
    kept: int
    left_out: tuple[str, ...]
    layers: tuple[Layer, ...]  # of the confinement, where anything was graded
    decisions: tuple[str, ...] = ()  # what is to be known of people's
    partly: Mapping[tuple[str, ...], int] = field(default_factory=dict)


def run(
    assignment: Assignment,
    source: Path,
    out: Path,
    asked: Asked,
    graders: AbstractContextManager[Graders],
    on_step: Listener,
) -> Done:
    """Grade the class in a folder or a zip into another folder. Raises KitError.

    Whenever it is ended, what is graded stays, and the next run goes on from there.
    """
    try:
        return _run(assignment, source, out, asked, graders, on_step)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise KitError(str(error.filename or tempfile.gettempdir()),
                       f"cannot be written: {error.strerror}", ledger.AGAIN) from None  # fmt: skip


def _run(
    assignment: Assignment,
    source: Path,
    out: Path,
    asked: Asked,
    graders: AbstractContextManager[Graders],
    on_step: Listener,
) -> Done:
    if asked.similar:
        similarity.mind_package()
    suite = Suite(assignment)  # first of all: finding a class takes time
    with tempfile.TemporaryDirectory(prefix="class-", ignore_cleanup_errors=True) as place:
        roster = find(source, assignment, Path(place) / "unpacked", out)
        with ledger.opened(out, assignment) as book:
            terms = terms_of(assignment, suite.digest, _seed(asked, book), asked.questions)
            suite.check()  # nor may it have changed while that was found out
            begun = Batch(assignment.settings.assignment, terms.suite, terms.version, terms.seed,
                          (*terms.questions, *asked.by_hand), shown=asked.when)  # fmt: skip
            if asked.against is not None:
                ledger.take_over_written(asked.against, book)
            decided = Decisions(out, roster.entries, assignment)
            before = [{row.submission: row for row in batch.rows} if batch else {}
                      for batch in (book.earlier, asked.earlier)]  # fmt: skip
            marking = Marking(out, roster.entries, assignment, asked.by_hand)
            told = {name: ledger.written_in(out, name) for name in ledger.WRITTEN}
            begun = replace(begun, written=told)
            book.begin(begun)
            for name in (GRADES, REPORT, page.LOOK_AT):  # nothing may look finished
                (out / name).unlink(missing_ok=True)
            grading = Grading(assignment, roster, book, terms, suite, marking, decided, before,
                              Path(place), on_step, asked)  # fmt: skip
            with graders as those:
                for jobs in (grading.jobs(), grading.once_more()):
                    for job, report in those.grade(jobs):
                        grading.graded(job, report)
            batch = grading.finish(begun)
            said = (*by_hand.warnings(batch, out),
                    *decisions.warnings(batch, decided.not_applied(grading.rows)))  # fmt: skip
            return Done(batch, grading.anew, len(grading.kept), roster.left_out, grading.layers,
                        said, grading.partly)  # fmt: skip


def _seed(asked: Asked, book: Ledger) -> int:
    """Return the class's seed: drawn once for a folder, and kept there whatever changes later.

    It is drawn, so that nobody who has the suite knows the inputs.
    """
    if asked.seed is not None:
        return asked.seed
    kept = book.seed
    if kept is None and asked.earlier is not None:
        kept = asked.earlier.seed
    return secrets.randbelow(SEEDS) if kept is None else kept


@dataclass(frozen=True)
class Waiting:
    """A submission of which something is being graded, whose it is, and what is kept of the rest."""

    parcel: Parcel
    entries: list[Entry]
    kept: Kept


@dataclass
class Grading:
    """A run: what is still to be graded, and what is known of the others."""

    assignment: Assignment
    roster: Roster
    book: Ledger
    terms: Terms
    suite: Suite
    marking: Marking
    decisions: Decisions
    before: Sequence[Mapping[str, Row]]  # the class in earlier runs, the latest first
    place: Path
    on_step: Listener
    asked: Asked
    anew: int = 0
    partly: Counter[tuple[str, ...]] = field(default_factory=Counter)
    layers: tuple[Layer, ...] = ()
    rows: dict[str, Row] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    concerns: list[Concern] = field(default_factory=list)
    same: SameFiles = field(init=False)
    _waiting: dict[str, Waiting] = field(default_factory=dict)
    _whole: list[Job] = field(default_factory=list)
    _came: int = 0  # rows that came of what was graded anew
    kept: set[str] = field(default_factory=set)  # keys of what an earlier one has graded
    _fresh: set[str] = field(default_factory=set)  # keys of what this run has graded
    _began: float = 0.0

    def __post_init__(self) -> None:
        self.same = SameFiles(same_files.nobodys(self.assignment))

    def jobs(self) -> Iterator[Job]:
        """Yield what must be graded: each submission once, however many handed in the same."""
        self._began = time.monotonic()
        for entry in self.roster.entries:
            if not entry.parts:
                own = self.terms.questions
                most = total_of(self.assignment.questions[name].points for name in own)
                self._add(
                    _row(entry, Status.MISSING, max_score=total_of([most, self.marking.most]))
                )
                continue
            parcel, problem = self._packed(entry)
            content = digest(parcel)
            key = self.terms.key(content)
            if key in self._waiting:
                self._waiting[key].entries.append(entry)
                continue
            known = self._known(parcel, content, key, problem)
            if isinstance(known, Report):
                self._settle(entry, parcel, key, known)
            else:
                self._waiting[key] = Waiting(parcel, [entry], known)
                yield Job(key, parcel, self.terms.missing(known), self.terms.seed)

    def once_more(self) -> Iterator[Job]:
        """Yield, when all have come, what can only be graded as a whole: its verdicts hang together."""
        yield from self._whole

    def _packed(self, entry: Entry) -> tuple[Parcel, str]:
        """Return what was handed in as data, and what failed on our side if that was not possible."""
        with tempfile.TemporaryDirectory(dir=self.place, ignore_cleanup_errors=True) as name:
            try:
                return read(entry.lay_out(Path(name) / "handed in"), self.assignment), ""
            except KitError as error:
                return Parcel(refused=f"What was handed in is no submission: {error.what}."), ""
            except OSError as error:
                if error.errno in FULL:
                    raise
                return Parcel(), traceback.format_exc()
            except Exception:  # whatever one student's files do to us, the others are graded
                return Parcel(), traceback.format_exc()

    def _known(self, parcel: Parcel, content: str, key: str, problem: str) -> Report | Kept:
        """Return the report that needs no grading, since nothing can be graded or it was done before;
        else what is kept of some of its questions."""
        questions, seed = self.terms.questions, self.terms.seed
        if problem:
            return self._keep(key, collect(self.assignment, questions, [], seed, problem))
        report = self.book.get(key)
        if parcel.refused:
            refused = refuse(self.assignment, questions, seed, parcel.refused)
            return report or self._keep(key, refused)
        if report is None:
            return self._of_parts(parcel, content, key)
        self._came += key in self._fresh
        self.kept |= {key} - self._fresh
        return report

    def _of_parts(self, parcel: Parcel, content: str, key: str) -> Report | Kept:
        folders = [self.book.out, *filter(None, [self.asked.against])]
        kept = self.terms.kept(one for out in folders for one in ledger.records_of(out, content))
        if self.terms.missing(kept):
            return kept
        report = reuse.kept_whole(kept, self.assignment, self.terms.questions, parcel.notes)
        if self.terms.hang_together(report):
            return NOTHING
        self.kept.add(key)
        return self._keep(key, report)

    def graded(self, job: Job, report: Report) -> None:
        """Keep a report that has come. Raises KitError if it was made with another suite."""
        self.suite.check(report)
        waiting, asked = self._waiting[job.name], self.terms.questions
        if len(job.questions) < len(asked):
            notes = waiting.parcel.notes
            report = reuse.completed(report, waiting.kept, self.assignment, asked, notes)
            if self.terms.hang_together(report):
                self._waiting[job.name] = replace(waiting, kept=NOTHING)
                self._whole.append(replace(job, questions=asked))
                return
            self.partly[tuple(job.questions)] += 1
        del self._waiting[job.name]
        self._keep(job.name, report)
        self._fresh.add(job.name)
        self.anew += 1
        self.layers = report.layers or self.layers
        self._came += len(waiting.entries)
        for entry in waiting.entries:
            self._settle(entry, waiting.parcel, job.name, report)

    def _keep(self, key: str, report: Report) -> Report:
        self.book.put(key, self.terms.stamped(report))
        return report

    def _settle(self, entry: Entry, parcel: Parcel, key: str, report: Report) -> None:
        status = Status.REFUSED if report.message else Status.GRADED
        if report.our_fault or report.interrupted:
            status = Status.OUR_FAULT
        row = _row(
            entry,
            status if entry.counts else Status.SUPERSEDED,
            score=report.points,
            max_score=report.max_points,
            questions={q.id: q.points for q in report.questions},
            seconds=round(report.seconds, 2),
            key=key,
            content=digest(parcel),
            round=self.assignment.settings.round or 0.0,
        )
        earlier = [rows.get(row.submission) for rows in self.before]
        row = self.decisions.apply(self.marking.apply(row), earlier)
        handouts.write(self.book.out, row, report, self.assignment, parcel.files, self.asked.when)
        if entry.counts:
            self.concerns += concerns.of_report(row.submission, report)
            self.same.add(row.submission, parcel.files)
        if entry.counts and status is not Status.OUR_FAULT:
            section = section_of(entry, self.asked.sections)
            self.tally.add(row.submission, report, section)
        self._add(row)

    def _add(self, row: Row) -> None:
        self.rows[row.submission] = row
        done, total = len(self.rows), len(self.roster.entries)
        seconds = time.monotonic() - self._began
        self.on_step(done, total, pace(self.anew, self._came, total - done, seconds))

    def finish(self, begun: Batch) -> Batch:
        """Write the tables and the page of the class, and last that it is finished."""
        self.suite.check()
        rows = tuple(self.rows[name] for name in sorted(self.rows, key=name_order))
        batch = replace(begun, rows=rows, finished=True)
        out = self.book.out
        form = out / by_hand.SHEET
        if any(row.by_hand for row in rows):
            self.book.write(by_hand.form(rows), form)
        else:
            form.unlink(missing_ok=True)
        listed = self._listed(rows)
        report = page.report_page(
            batch, self.tally, self.roster.left_out, listed, self.asked.history
        )
        self.book.write(concerns.as_table(listed), out / page.LOOK_AT)
        self.book.write(table.grades(rows, list(self.assignment.settings.questions)), out / GRADES)
        self.book.write(report, out / REPORT)
        before = {row.folder for row in self.book.earlier.rows} if self.book.earlier else set()
        handouts.remove(out, before - {row.folder for row in rows})
        self.book.keep(batch)
        return batch

    def _listed(self, rows: Sequence[Row]) -> list[Concern]:
        """Return what is to be looked at. What fell is told against the class that was named, if any."""
        last = self.asked.earlier or self.book.earlier
        of_marks = concerns.of_rows(rows, last.rows if last else (), self.asked.bounds)
        same = list(self.same.concerns)
        found = [*self.concerns, *same, *of_marks]
        if self.asked.similar:
            told = [set(one.submissions) for one in same]
            place = self.place / "compared"
            near = similarity.nearly_the_same(self.book.out, rows, self.assignment, place)
            found += [c for c in near if not any(set(c.submissions) <= some for some in told)]
        return concerns.ordered(found)


def _row(entry: Entry, status: Status, **came_to: Any) -> Row:
    facts = (
        "submission",
        "student",
        "who",
        "folder",
        "counts",
        "handed_in",
        "late",
        "email",
        "sid",
        "file",
    )
    return Row(**{name: getattr(entry, name) for name in facts}, status=status, **came_to)
