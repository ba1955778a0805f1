"""What the kit's own tests share: one warm grader, and submissions made from the solution."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

from autograder.assignment.config import Assignment, load
from autograder.cli.app import INTERRUPTS
from autograder.cli.commands import main
from autograder.grading import grade, pool
from autograder.grading.grade import Grader
from autograder.grading.pool import Job
from autograder.grading.report import Report
from kit.workbench import PATIENCE, ROOT, copy_of, with_settings

# What takes longest, in this order: at the end, all others would wait for it.
LONGEST = ("test_promises", "test_platforms", "test_matrix", "test_notebook", "test_hostile")


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start, and let all of it compute with one thread.

    A shell has its background jobs ignore Ctrl-C. Two threads of torch wait for each other, turning,
    and collapse where as many tests run at a time as there are cores: a run of 4 s took 60.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    # How long a drawn example takes says how busy a machine is, and nothing of the kit.
    patient = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("patient", **patient)
    hypothesis.settings.load_profile("patient")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many tests run at a time: many of them wait for a limit, or for a process."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; give up what hangs."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    for item in items:
        item.add_marker(pytest.mark.timeout(3 * PATIENCE))  # one test may wait more than once


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load(ROOT)


@pytest.fixture(scope="session")
def grader(assignment: Assignment) -> Iterator[Grader]:
    with Grader(assignment) as warm:
        assert warm.layers  # found out once, and known to all that borrow it
        yield warm


class Borrowed(Grader):
    """A grader with the workers of another one, which stay when it is closed."""

    def __init__(self, owner: Grader, kit: Assignment, data: Path | None = None) -> None:
        self.__dict__ |= owner.__dict__ | {"assignment": kit, "data": data}

    def __exit__(self, *_: object) -> None:
        pass


class OneAtATime:
    """A pool that has no processes: one warm grader, here."""

    def __init__(self, grader: Grader) -> None:
        self._grader = grader

    def __enter__(self) -> OneAtATime:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        for job in jobs:
            yield job, self._grader.grade(job.submission, job.questions, job.seed)


@pytest.fixture
def submission(tmp_path: Path, assignment: Assignment) -> Callable[..., Path]:
    """submission(vit=..., train=...) is a folder; a file that is not named is the solution's."""

    def write(**files: str | bytes | None) -> Path:
        folder = tmp_path / "handed in"
        folder.mkdir(exist_ok=True)
        for name in ("vit", "train"):
            content = files.get(name, (assignment.solution / f"{name}.py").read_bytes())
            if isinstance(content, str):
                content = content.encode()
            if content is not None:
                (folder / f"{name}.py").write_bytes(content)
        return folder

    return write


@pytest.fixture
def edited(assignment: Assignment) -> Callable[[str, str, str], str]:
    """edited("vit", old, new) is the solution's text with one place changed."""

    def edit(name: str, old: str, new: str) -> str:
        text = (assignment.solution / f"{name}.py").read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}.py"
        return text.replace(old, new)

    return edit


@pytest.fixture
def copied(tmp_path: Path, assignment: Assignment) -> Assignment:
    """A copy of the kit's own files that a test may spoil."""
    return copy_of(assignment, tmp_path / "kit")


@pytest.fixture(scope="session")
def grader_of(grader: Grader) -> Callable[..., Grader]:
    """grader_of(kit) grades with that kit's files and the workers that are warm already."""

    def other(kit: Assignment, data: Path | None = None) -> Grader:
        return Borrowed(grader, kit, data)

    return other


@pytest.fixture
def limited(grader_of: Callable[..., Grader], assignment: Assignment) -> Callable[..., Grader]:
    """limited(seconds_per_test=3.0) is a grader with other limits, of this kit or another."""

    def make(kit: Assignment = assignment, **limits: float) -> Grader:
        changed = kit.settings.limits.model_copy(update=limits)
        return grader_of(with_settings(kit, limits=changed))

    return make


@pytest.fixture(scope="session")
def one_check(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """A kit that calls patchify in one check alone: what is to reach a limit, reaches it once."""
    kit = copy_of(assignment, tmp_path_factory.mktemp("one check") / "kit")
    for folder in kit.test_folders:
        (path,) = folder.glob("test_q1_*.py")
        before, first, *_ = path.read_text().split("\n\n\n@weight")
        path.write_text(f"{before}\n\n\n@weight{first}\n" if folder == kit.test_folders[0] else "")
    return load(kit.root)


@pytest.fixture
def autograder(
    grader_of: Callable[..., Grader],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """autograder("grade", "solution") is the command in this process, with workers that are warm.

    It says and does what `kit.workbench.run` does, which starts cold.
    """
    before = {number: signal.getsignal(number) for number in INTERRUPTS}

    def call(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        words = [*map(str, arguments)]
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["autograder", *words])
            patch.setattr(grade, "Grader", grader_of)
            patch.setattr(pool, "Pool", lambda kit, *_: OneAtATime(grader_of(kit)))
            with pytest.raises(SystemExit) as end:
                main()
        printed = capsys.readouterr()
        status = end.value.code or 0
        assert isinstance(status, int), status
        return subprocess.CompletedProcess(words, status, printed.out, printed.err)

    yield call
    for number, handler in before.items():
        signal.signal(number, handler)
