"""Grade many submissions at a time: warm graders, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import torch

from autograder.config import Assignment
from autograder.grade import Grader
from autograder.report import Report

AHEAD = 2  # jobs for each process that are handed out before they are needed


@dataclass(frozen=True)
class Job:
    """One grading that is to be done.

    double  everything is computed in float64: what is left of an error is no rounding
    """

    name: str
    path: Path
    questions: Sequence[str] = ()
    seed: int = 0
    double: bool = False


class Pool:
    """Graders that are warm, one a core. A process grades one submission after the other."""

    def __init__(self, assignment: Assignment, processes: int | None = None) -> None:
        # Spawned: a fork would copy this process's threads, and pytest's state in a test.
        self._processes = processes or os.cpu_count() or 1
        self._executor = ProcessPoolExecutor(
            self._processes, multiprocessing.get_context("spawn"), _open, (assignment,)
        )

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._executor.shutdown(cancel_futures=True)

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        """Yield every job with its report, as they get done. Jobs are taken as they are needed."""
        running: dict[Future[Report], Job] = {}
        waiting = iter(jobs)
        while True:
            while len(running) < AHEAD * self._processes and (job := next(waiting, None)):
                running[self._executor.submit(_grade, job)] = job
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()


_grader: Grader | None = None  # of this process


def _open(assignment: Assignment) -> None:
    global _grader
    _grader = Grader(assignment)
    multiprocessing.util.Finalize(_grader, _grader.__exit__, exitpriority=1)


def _grade(job: Job) -> Report:
    assert _grader is not None
    torch.set_default_dtype(torch.float64 if job.double else torch.float32)
    return _grader.grade(job.path, job.questions, job.seed)
