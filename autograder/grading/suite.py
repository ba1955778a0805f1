"""Run the graded tests against one submission, in this process, and collect their outcomes."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.grading.accuracy import GradedRun
from checks.running import plugin
from checks.running.plugin import OUTCOMES, TRANSPORT, Transport
from checks.telling.outcome import Outcome

# The suite is not run with the developers' settings, plugins or conftest files around it.
OPTIONS = [
    "-p",
    "no:terminal",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
    "-p",
    "no:warnings",
    "-p",
    "no:logging",
    "-p",
    "no:unraisableexception",  # these two collect garbage at the end of every run
    "-p",
    "no:threadexception",
    "--disable-plugin-autoload",
    "--noconftest",
    "--import-mode=importlib",
    "--assert=plain",
    "--capture=no",
    "-c",
    os.devnull,
]


@dataclass
class Footing:
    """What questions rest on, apart from the submission and their own tests.

    grounds  by question: those on whose outcomes it stands
    trained  those that ask for the run behind the accuracy mark, which they share
    """

    grounds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    trained: set[str] = field(default_factory=set)


class Grading:
    """The grader's side of the pytest run: how to reach the student's code, and who listens."""

    def __init__(
        self,
        transport: Transport | None,
        run: Callable[[], GradedRun] | None,
        listener: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._transport, self._run, self._listener = transport, run, listener
        self.outcomes: dict[str, Outcome] = {}
        # A question's tests are all run, or the run is interrupted.
        self.on_question: Callable[[], None] = lambda: None
        self.interrupted = self.finished = False
        self._question = ""
        self._graded: GradedRun | None = None
        self.footing = Footing()
        self.uncollected: list[str] = []
        self._places: dict[str, str] = {}  # of a test file that cannot be read: which line
        self.fault = ""  # what failed in the run itself

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._transport is not None:
            config.stash[TRANSPORT] = self._transport

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.outcomes = session.config.stash[OUTCOMES]
        for item in session.items:
            # An outcome tells a failure. pytest's own account of it, which nobody reads here, takes
            # longer than the test.
            item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]  # of this item alone
            question = self.outcomes[item.nodeid].question
            for marker in item.iter_markers("stands_on"):
                self.footing.grounds[question] |= set(marker.args)
            if "graded_run" in getattr(item, "fixturenames", ()):
                self.footing.trained.add(question)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            place = self._places.get(report.nodeid, "")
            self.uncollected.append(f"{report.nodeid}\n{place}{report.longrepr}")

    def pytest_exception_interact(
        self, node: pytest.Collector, call: pytest.CallInfo[object], report: object
    ) -> None:
        """Keep which line of a test file fails when it is read: pytest's report may leave it out."""
        if isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            frames = traceback.extract_tb(call.excinfo.value.__traceback__)
            lines = [one.lineno for one in frames if Path(one.filename) == node.path]
            if lines:
                self._places[report.nodeid] = f"{node.path.name}:{lines[-1]}\n"

    def pytest_keyboard_interrupt(self) -> None:
        self.interrupted = True
        self.on_question()  # at once: whoever interrupts twice does not wait for the end

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.fault = str(excrepr)
        return True  # else pytest prints it

    @pytest.hookimpl(optionalhook=True)
    def pytest_outcome(self, outcome: Outcome) -> None:
        if self._listener is not None:
            self._listener(outcome)
        # A test has two or three outcomes, the last at its teardown: so a question is over when
        # the next one begins.
        if self._question not in ("", outcome.question):
            self.on_question()
        self._question = outcome.question

    @pytest.fixture(scope="session")
    def graded_run(self) -> GradedRun:
        assert self._run is not None
        self._graded = self._run()
        return self._graded

    @property
    def trainings(self) -> tuple[str, ...]:
        """What became of each training, in words."""
        return tuple(map(str, self._graded.tries_so_far)) if self._graded is not None else ()

    @property
    def accuracy(self) -> float | None:
        """The share of hidden digits that the trained model has read, where it was trained."""
        return self._graded.accuracy if self._graded is not None else None


def run(
    assignment: Assignment,
    grading: Grading,
    only: Sequence[str],
    seed: int = 0,
    options: Sequence[str] = (),
) -> Grading:
    """Run the tests of these questions. Every collected test has an outcome afterwards."""
    files = [str(path) for path in assignment.test_files(list(only))]
    # Without the second of these, pytest reads every folder above the kit.
    here = [f"--rootdir={assignment.root}", f"--confcutdir={assignment.root}"]
    arguments = [*OPTIONS, *here, f"--seed={seed}", *options, *files]
    with _importable(assignment.tests), _no_options_from_outside():
        arguments.append("--continue-on-collection-errors")
        ended = pytest.main(arguments, plugins=[plugin, grading])
        if ended in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
            raise RuntimeError(f"pytest itself ended with {ended!r}")
    grading.finished, grading.interrupted = True, ended == pytest.ExitCode.INTERRUPTED
    return grading


def collected(assignment: Assignment) -> list[Outcome]:
    """Return all tests, in order, without running one."""
    grading = run(assignment, Grading(None, None), list(assignment.questions), options=["--co"])
    if grading.uncollected:
        raise _unreadable(grading.uncollected[0])
    return list(grading.outcomes.values())


def _unreadable(report: str) -> KitError:
    """Tell in three lines of a test file that cannot be read: pytest's report has it at its end."""
    name, *lines = report.splitlines()
    file = re.escape(Path(name).name)
    place = re.compile(rf'{file}(?::|", line )(\d+)')  # of a call, of a syntax error
    places = [found for line in lines if (found := place.search(line))]
    said = [line[1:].strip() for line in lines if re.match(r"E\s+\S", line)]
    where = f"{name}, line {places[-1][1]}" if places else name or "tests"
    return KitError(where, f"cannot be read: {said[-1] if said else report[-600:]}",
                    "mend this test file: it is no submission's fault")  # fmt: skip


def footing(assignment: Assignment) -> Footing:
    """Return what each question rests on, as its tests say it, without running one.

    Where the suite cannot be collected, each may rest on all.
    """
    names = list(assignment.questions)
    try:
        grading = run(assignment, Grading(None, None), names, options=["--co"])
    except RuntimeError:
        return Footing({name: set(names) for name in names}, set(names))
    if grading.interrupted:
        raise KeyboardInterrupt
    return grading.footing


def by_question(assignment: Assignment) -> dict[str, list[Outcome]]:
    """Return the tests of every question, in order, without running one."""
    found: dict[str, list[Outcome]] = {name: [] for name in assignment.questions}
    for outcome in collected(assignment):
        found[outcome.question].append(outcome)
    return found


def weights(assignment: Assignment) -> dict[str, int]:
    """Return the sum of the tests' weights for every question."""
    tests = by_question(assignment)
    return {name: sum(test.weight for test in own) for name, own in tests.items()}


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let hidden tests import what lies beside them, and forget all of them afterwards.

    Another kit, or the same one after an edit, has modules of the same names.
    """
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name.split(".")[0] in ("hidden", "student", "tests"):
                del sys.modules[name]


@contextlib.contextmanager
def _no_options_from_outside() -> Iterator[None]:
    """Keep PYTEST_ADDOPTS and warning filters of whoever calls us away from the graded run.

    A warning is not a mistake: not even where the caller has made warnings errors.
    """
    kept = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if kept is not None:
            os.environ["PYTEST_ADDOPTS"] = kept
