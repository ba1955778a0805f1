"""What the kit's own tests share: one warm grader, and submissions made from the solution."""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.assignment.config import Assignment, load
from autograder.grading.grade import Grader
from kit.workbench import ROOT, copy_of, with_settings


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start: a shell has its background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many tests run at a time: many of them wait for a limit, or for a process."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes: at the end, all others would wait for it."""
    items.sort(key=lambda item: item.path.stem not in ("test_platforms", "test_promises"))


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load(ROOT)


@pytest.fixture(scope="session")
def grader(assignment: Assignment) -> Iterator[Grader]:
    with Grader(assignment) as warm:
        yield warm


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


@pytest.fixture
def grader_of(grader: Grader) -> Callable[[Assignment], Grader]:
    """grader_of(kit) grades with that kit's files and the workers that are warm already."""

    def other(kit: Assignment) -> Grader:
        warm = copy.copy(grader)
        warm.assignment = kit
        return warm

    return other


@pytest.fixture
def limited(
    grader_of: Callable[[Assignment], Grader], assignment: Assignment
) -> Callable[..., Grader]:
    """limited(seconds_per_test=3.0) is a grader with other limits."""

    def make(**limits: float) -> Grader:
        changed = assignment.settings.limits.model_copy(update=limits)
        return grader_of(with_settings(assignment, limits=changed))

    return make
