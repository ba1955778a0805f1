"""Compose, judge and grade many files; go on where an interrupted run has ended."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import TRAINED
from autograder.grading.pool import Job, Pool
from autograder.grading.report import Report
from autograder.isolation.workers import Listener
from autograder.proof.explore import composing, records
from autograder.proof.explore.composing import Composed
from autograder.proof.explore.judging import UNDECIDED, Oracle, Verdict
from autograder.proof.explore.records import Record


def explore(
    assignment: Assignment,
    seed: int,
    files: int,
    book: Path,
    on_progress: Listener | None = None,
    processes: int | None = None,
) -> list[Record]:
    """Return what became of a seed's first files, from the book or explored now.

    Every record is appended to the book as it comes.
    """
    kit = records.digest(assignment)
    found = records.read(book, seed, kit)
    records.cut_short(book)
    with (
        book.open("ab", buffering=0) as out,
        tempfile.TemporaryDirectory() as folder,
        Oracle(assignment) as oracle,
        Pool(assignment, processes) as pool,
    ):
        one = _Exploration(assignment, seed, kit, found, oracle, out, Path(folder))
        for job, report in pool.grade(one.jobs(files)):
            one.graded(int(job.name), report)
            if on_progress is not None:
                on_progress(len(found), files, "exploring files that nobody wrote")
    return [found[number] for number in range(files)]


@dataclass
class _Exploration:
    """A run under way."""

    assignment: Assignment
    seed: int
    kit: str
    found: dict[int, Record]
    oracle: Oracle
    out: BinaryIO
    folder: Path

    def __post_init__(self) -> None:
        self._waiting: dict[int, tuple[Composed, Verdict]] = {}
        self._questions = composing.questions(self.assignment)

    def jobs(self, files: int) -> Iterator[Job]:
        """Yield the gradings that are still to do; write down what is not to be graded."""
        for number in range(files):
            if number in self.found:
                continue
            composed = composing.compose(self.assignment, self.seed, number)
            verdict = self.oracle.judge(composed)
            if verdict.verdict == UNDECIDED:
                self._keep(composed, verdict, None)
                continue
            self._waiting[number] = (composed, verdict)
            path = composed.write(self.folder / str(number))
            yield Job(str(number), path, self._touched(composed), self.seed + number)

    def graded(self, number: int, report: Report) -> None:
        composed, verdict = self._waiting.pop(number)
        shutil.rmtree(self.folder / str(number))
        self._keep(composed, verdict, report)

    def _touched(self, composed: Composed) -> Sequence[str]:
        """Return the questions that the mutation could cost a mark: its own, and later ones."""
        if not composed.piece:
            return [name for name in self.assignment.questions if name != TRAINED]
        pieces = composed.pieces_after
        return list(dict.fromkeys(self._questions[piece] for piece in pieces))

    def _keep(self, composed: Composed, verdict: Verdict, report: Report | None) -> None:
        failed = {
            question.id: [o for o in question.outcomes if o.share < 1]
            for question in (report.questions if report else ())
            if question.share < 1
        }
        record = Record(
            seed=self.seed,
            number=composed.number,
            kit=self.kit,
            fragments=composed.fragments,
            piece=composed.piece,
            question=self._questions.get(composed.piece, ""),
            mutation=composed.mutation,
            diff=composed.diff,
            verdict=verdict.verdict,
            law=verdict.law,
            lost={name: [f"{o.test}  {o.title}" for o in some] for name, some in failed.items()},
            messages=[o.message for some in failed.values() for o in some],
        )
        self.found[record.number] = record
        self.out.write(msgspec.json.encode(record) + b"\n")
