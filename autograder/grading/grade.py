"""Grade one submission."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from autograder.assignment.config import Assignment
from autograder.errors import KitError, UnusableSubmission
from autograder.grading import report as reports
from autograder.grading import suite
from autograder.grading.accuracy import GradedRun
from autograder.grading.report import Report
from autograder.isolation import doctor
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.layers import Layer
from autograder.isolation.remote import CallListener, RemoteTransport
from autograder.isolation.worker import kernel
from autograder.isolation.workers import Listener
from autograder.submission.reading import Parcel, read
from autograder.submission.staging import Submission, stage
from checks.telling.outcome import Outcome

OutcomeListener = Callable[[Outcome], None]
ReportListener = Callable[[Report], None]


class Grader:
    """A warm grader: its fork server serves one submission after the other."""

    def __init__(self, assignment: Assignment, data: Path | None = None) -> None:
        self.assignment, self.data = assignment, data
        self._server = ForkServer()
        with contextlib.suppress(OSError):  # no worker of the same user looks into this memory
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        torch.set_num_threads(1)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def grade(
        self,
        submission: Path | Parcel,
        only: Sequence[str] = (),
        seed: int = 0,
        on_progress: Listener | None = None,
        on_outcome: OutcomeListener | None = None,
        on_report: ReportListener | None = None,
        on_call: CallListener | None = None,
    ) -> Report:
        """Return a report with every question at its full maximum, whatever the code does.

        submission  a folder, a zip, a .py or a .ipynb, or one of these as data; KitError if there is
                    nothing to grade there
        only        these questions; none named: all
        seed        of the tests' inputs: the same seed, the same report

        on_report gets what there is so far whenever a question is finished; on_call, what the tests
        ask of the student's code. KeyboardInterrupt ends the tests, and there is a report of what was
        judged until then; it is raised at the second time.
        """
        layers = self.layers  # found out once: no part of what this submission takes
        started = time.monotonic()
        questions = list(only) or list(self.assignment.questions)
        with _temporary_folder() as folder:
            try:
                if isinstance(submission, Path):
                    submission = read(submission, self.assignment)
                staged = stage(submission, self.assignment, folder / "files")
            except UnusableSubmission as error:
                report = reports.refuse(self.assignment, questions, seed, str(error))
                return replace(report, facts=reports.facts(self.assignment))
            except OSError as error:
                raise _no_place(error) from None
            with self._transport(staged, on_progress, on_call) as transport:
                grading = self._grading(transport, seed, on_outcome)

                def so_far(details: str = "") -> Report:
                    report = self._collect(grading, questions, seed, details)
                    seconds = time.monotonic() - started
                    noted = transport.noted()
                    told = tuple(
                        replace(question, noted=noted.get(question.id, question.noted))
                        for question in report.questions
                    )
                    report = replace(
                        report,
                        questions=told,
                        layers=layers,
                        seconds=seconds,
                        too_busy=transport.too_busy,
                    )
                    return reports.with_noted(report, staged.notes)

                if on_report is not None:
                    grading.on_question = lambda: on_report(so_far())
                return so_far(self._run(grading, questions, seed))

    @property
    def user(self) -> int | None:
        """The id that workers run as, where it is not the grader's own."""
        return self._server.user

    @functools.cached_property
    def layers(self) -> tuple[Layer, ...]:
        """What confines the workers on this machine, found out by trying."""
        return tuple(doctor.layers(self._server, self.assignment))

    def _grading(
        self, transport: RemoteTransport, seed: int, on_outcome: OutcomeListener | None
    ) -> suite.Grading:
        def graded_run() -> GradedRun:
            return GradedRun(self.assignment, self.data, seed)

        return suite.Grading(transport, graded_run, on_outcome)

    def _run(self, grading: suite.Grading, questions: list[str], seed: int) -> str:
        """Run the tests; return what failed on our side, for the teacher."""
        try:
            suite.run(self.assignment, grading, questions, seed)
        except KitError:
            raise
        except KeyboardInterrupt:
            if grading.interrupted:  # the second time: at once
                raise
            grading.interrupted = True
        except Exception:  # the last resort: whatever failed here, the student gets a report
            return grading.fault or traceback.format_exc()
        return ""

    def _collect(
        self, grading: suite.Grading, questions: list[str], seed: int, details: str
    ) -> Report:
        broken = [name for name in questions if _is_broken(name, grading.uncollected)]
        outcomes = [o for o in grading.outcomes.values() if o.question not in broken]
        details = "\n".join([details, *grading.uncollected]).strip()
        report = reports.collect(self.assignment, questions, outcomes, seed, details)
        trained = tuple(
            replace(question, trainings=grading.trainings, accuracy=grading.accuracy)
            if question.id in grading.footing.trained
            else question
            for question in report.questions
        )
        facts = reports.facts(self.assignment)
        report = replace(report, questions=trained, facts=facts)
        if grading.finished and not grading.interrupted:
            return report
        return reports.cut_short(report, broken)

    @contextlib.contextmanager
    def _transport(
        self, staged: Submission, on_progress: Listener | None, on_call: CallListener | None
    ) -> Iterator[RemoteTransport]:
        transport = RemoteTransport(
            self._server,
            Staged(staged.folder, staged.sources, self.assignment.forbidden),
            self.assignment.settings.limits,
            on_progress,
            (self.assignment.root, Path(sys.prefix), Path(sys.base_prefix)),
            on_call,
        )
        try:
            yield transport
        finally:
            transport.close()


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_place(error) from None
    with contextlib.ExitStack() as at_the_end:
        for _ in range(3):  # two interrupts at most come, and the one after them removes the rest
            at_the_end.callback(folder.cleanup)
        yield Path(folder.name).resolve()


def _no_place(error: OSError) -> KitError:
    return KitError(
        str(error.filename or "TMPDIR"),
        f"the files cannot be laid out: {error.strerror}",
        "make room, or set TMPDIR to another folder",
    )


def _is_broken(question: str, uncollected: Sequence[str]) -> bool:
    """Whether a test file of this question could not be read: its other tests weigh wrongly then."""
    return any(f"test_{question}_" in broken for broken in uncollected)
