"""Grade many submissions at a time: warm graders, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import multiprocessing.util
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from multiprocessing.queues import Queue, SimpleQueue
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.grading import report as reports
from autograder.grading.report import Report
from autograder.isolation.cores import keep_to_one_core
from autograder.isolation.forking import early
from autograder.submission.reading import Parcel

if TYPE_CHECKING:
    from autograder.grading.grade import Grader

AHEAD = 2  # jobs for each process that are handed out before they are needed
ENDED = "The process that graded this submission has ended, and did so again when it was alone."


@dataclass(frozen=True)
class Job:
    """One grading that is to be done.

    double  everything is computed in float64: what is left of an error is no rounding
    """

    name: str
    submission: Path | Parcel
    questions: Sequence[str] = ()
    seed: int = 0
    double: bool = False


class Pool:
    """Graders that are warm, one a core. A process grades one submission after the other."""

    def __init__(self, assignment: Assignment, processes: int | None = None) -> None:
        self._assignment = assignment
        self._processes = processes or os.cpu_count() or 1
        self._start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:  # nobody waits for what is still being graded
            self._end_processes()
        self._executor.shutdown(cancel_futures=True)

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        """Yield every job with its report, as they get done. Jobs are taken as they are needed.

        Where a process ends that should not, all that was under way is graded again, one after the
        other: what ends its process a second time is our fault, and costs no other submission. So is
        what had time left on a machine that was too busy, last of all.
        """
        running: dict[Future[Report], Job] = {}
        waiting, again = iter(jobs), list[Job]()
        while True:
            lost = []
            while len(running) < AHEAD * self._processes and (job := next(waiting, None)):
                try:
                    running[self._executor.submit(_grade, job)] = job
                except BrokenProcessPool:
                    lost.append(job)
                    break
            if not running and not lost:
                break
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(done)
                try:
                    report = self._result(done, job)
                except BrokenProcessPool:
                    lost.append(job)
                    continue
                if report.too_busy:
                    again.append(job)
                else:
                    yield job, report
            if lost:
                lost += running.values()  # the executor has given all of them up
                running.clear()
                self._restart()
                yield from map(self._alone, lost)
        yield from map(self._alone, again)

    def _alone(self, job: Job) -> tuple[Job, Report]:
        """Grade while nothing else is under way, so that it is plain whose fault an end is."""
        try:
            return job, self._result(self._executor.submit(_grade, job), job)
        except BrokenProcessPool:
            self._restart()
        return job, our_fault(job, self._assignment, ENDED)

    def _result(self, done: Future[Report], job: Job) -> Report:
        try:
            return done.result()
        except (BrokenProcessPool, KitError):
            raise
        except Exception:  # the last resort: what failed here is one submission's, not the class's
            return our_fault(job, self._assignment, traceback.format_exc())

    def _start(self) -> None:
        # Not forks of this process: its threads would be copied, and pytest's state in a test.
        context = _context()
        self._pids: SimpleQueue[int] = context.SimpleQueue()
        tasks: Queue[Task] = context.Queue()
        tasks.cancel_join_thread()  # what no process has come for holds nobody up
        cores: SimpleQueue[int] = context.SimpleQueue()
        for number in range(self._processes):
            cores.put(number)
            tasks.put(Task(self._assignment, dict(os.environ)))
        given = (self._pids, cores, tasks)
        self._executor = ProcessPoolExecutor(self._processes, context, _open, given)

    def _restart(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._start()

    def _end_processes(self) -> None:
        while not self._pids.empty():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pids.get(), signal.SIGTERM)


def our_fault(job: Job, assignment: Assignment, details: str) -> Report:
    """Make the report of a submission that could not be graded, with what a teacher should know."""
    names = list(job.questions) or list(assignment.questions)
    return reports.collect(assignment, names, [], job.seed, details)


@dataclass(frozen=True)
class Task:
    """What a process is to do. It reads this when its fork server is there, which must not hold it."""

    assignment: Assignment
    environment: Mapping[str, str]


def _context() -> BaseContext:
    """Return how processes are made: forks of one that has torch, where they can share it."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([early.__name__, early.FORKSERVER])
    ours = dict(os.environ)
    early.set_environment(early.ENVIRONMENT)
    try:
        forkserver.ensure_running()
    finally:
        early.set_environment(ours)
    return context


_grader: Grader | None = None  # of this process
_busy, _ending = threading.Event(), threading.Event()


def _open(pids: SimpleQueue[int], cores: SimpleQueue[int], tasks: Queue[Task]) -> None:
    global _grader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that we serve
    keep_to_one_core(cores.get())  # and with it the fork server, and its workers
    early.fork()
    task = tasks.get()
    early.set_environment(task.environment)
    from autograder.grading.grade import Grader  # with torch, which that process does without

    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _grader = Grader(task.assignment)
    multiprocessing.util.Finalize(_grader, _grader.__exit__, exitpriority=1)
    pids.put(os.getpid())


def _end(number: int, frame: FrameType | None) -> None:
    """Leave a grading half-way, as Ctrl-C would, so that its files and workers go; then the process."""
    _ending.set()
    if _busy.is_set():
        raise KeyboardInterrupt
    _leave()


def _leave() -> None:
    if _grader is not None:
        _grader.__exit__()
    os._exit(1)  # the executor's own end would wait for another job


def _end_with_parent() -> None:
    """Wait until the process that we serve is gone, however it ended; then there is nothing to do."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _grade(job: Job) -> Report:
    import torch

    assert _grader is not None
    torch.set_default_dtype(torch.float64 if job.double else torch.float32)
    _busy.set()
    try:
        return _grader.grade(job.submission, job.questions, job.seed)
    finally:
        _busy.clear()
        if _ending.is_set():
            _leave()
