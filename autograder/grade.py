"""Grade one submission."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from autograder import report as reports
from autograder import suite
from autograder.config import Assignment
from autograder.errors import KitError, UnusableSubmission
from autograder.forks import ForkServer
from autograder.remote import RemoteTransport
from autograder.report import Report
from autograder.submission import Submission, stage
from autograder.workers import Listener
from checks import stand_ins
from checks.outcome import Outcome

OutcomeListener = Callable[[Outcome], None]


class Grader:
    """A warm grader: its fork server serves one submission after the other."""

    def __init__(self, assignment: Assignment, data: Path | None = None) -> None:
        self.assignment, self.data = assignment, data
        self._server = ForkServer()
        torch.set_num_threads(1)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def grade(
        self,
        path: Path,
        only: Sequence[str] = (),
        seed: int = 0,
        on_progress: Listener | None = None,
        on_outcome: OutcomeListener | None = None,
    ) -> Report:
        """Return a report with every question at its full maximum, whatever the code does.

        path  a folder, a zip, a .py or a .ipynb; KitError if there is nothing to grade there
        only  these questions; none named: all
        seed  of the tests' inputs: the same seed, the same report
        """
        started = time.monotonic()
        questions = list(only) or list(self.assignment.questions)
        with tempfile.TemporaryDirectory(prefix="submission-") as folder:
            try:
                staged = stage(path, self.assignment, Path(folder).resolve() / "files")
            except UnusableSubmission as error:
                return reports.refuse(self.assignment, questions, seed, str(error))
            with self._transport(staged, on_progress) as transport:
                report = self._run(transport, questions, seed, on_outcome)
        return replace(report, notes=staged.notes, seconds=time.monotonic() - started)

    def _run(
        self,
        transport: RemoteTransport,
        questions: list[str],
        seed: int,
        on_outcome: OutcomeListener | None,
    ) -> Report:
        def graded_run() -> suite.GradedRun:
            return suite.GradedRun(self.assignment, self.data, seed)

        grading = suite.Grading(transport, graded_run, on_outcome)
        details = ""
        try:
            suite.run(self.assignment, grading, questions, seed)
        except KitError:
            raise
        except Exception:  # the last resort: whatever failed here, the student gets a report
            details = traceback.format_exc()
        details = "\n".join([details, *grading.uncollected]).strip()
        outcomes = [o for o in grading.outcomes.values() if not _is_broken(o, grading.uncollected)]
        return reports.collect(self.assignment, questions, outcomes, seed, details)

    @contextlib.contextmanager
    def _transport(
        self, staged: Submission, on_progress: Listener | None
    ) -> Iterator[RemoteTransport]:
        transport = RemoteTransport(
            self._server,
            staged.folder,
            staged.sources,
            self.assignment.settings.limits,
            (self.assignment.tests / "hidden" / "stand_ins", stand_ins.FOLDER),
            on_progress,
            (self.assignment.root, Path(sys.prefix), Path(sys.base_prefix)),
        )
        try:
            yield transport
        finally:
            transport.close()


def _is_broken(outcome: Outcome, uncollected: Sequence[str]) -> bool:
    """Whether a test file of this question could not be read: its other tests weigh wrongly then."""
    return any(f"test_{outcome.question}_" in broken for broken in uncollected)
