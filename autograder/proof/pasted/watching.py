"""Run what students get on files that are known, and see every function that is made on the way."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FILES, FIRST_MODULE
from autograder.grading.suite import OPTIONS
from autograder.proof.pasted.collecting import Collection
from checks.running import plugin
from checks.running.local import LocalTransport

TESTS = "tests/test_q*.py"
Seen = Callable[[FrameType, str, object], Any]


def watch(collection: Collection, submissions: Sequence[Path], assignment: Assignment) -> None:
    """Run the visible tests, and the pictures, on every one of these submissions."""
    tests = sorted(map(str, collection.folder.glob(TESTS)))
    if not tests:
        return
    with _seeing(collection):
        for folder in submissions:
            _run_tests(tests, LocalTransport(_sources(folder), assignment.forbidden))
            _draw_pictures(LocalTransport(_sources(folder), assignment.forbidden))


def _sources(folder: Path) -> dict[str, Path]:
    return {Path(name).stem: folder / name for name in FILES}


class _OnTheseFiles:
    """Tells the tests which files to run on."""

    def __init__(self, transport: LocalTransport) -> None:
        self._transport = transport

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.TRANSPORT] = self._transport


def _run_tests(tests: Sequence[str], transport: LocalTransport) -> None:
    ended = pytest.main([*OPTIONS, *tests], plugins=[plugin, _OnTheseFiles(transport)])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest itself ended with {ended!r}")


def _draw_pictures(transport: LocalTransport) -> None:
    """Draw them as a student does; a mistake may leave nothing to be drawn."""
    from checks.show import pictures
    from checks.show.views import VIEWS

    for view in VIEWS.values():
        with contextlib.suppress(Exception), torch.random.fork_rng(devices=[]), pictures.styled():
            view(transport.module(FIRST_MODULE))


@contextlib.contextmanager
def _seeing(collection: Collection) -> Iterator[None]:
    """Look through the variables of every function of the collection's files when it returns."""
    inside = f"{collection.folder}/"

    def entered(frame: FrameType, event: str, value: object) -> Seen | None:
        if not frame.f_code.co_filename.startswith(inside):
            return None
        frame.f_trace_lines = False
        return seen

    def seen(frame: FrameType, event: str, value: object) -> Seen | None:
        if event == "return":
            for one in (*frame.f_locals.values(), value):
                collection.see(one)
        return seen

    before = sys.gettrace()
    with contextlib.redirect_stdout(io.StringIO()):
        sys.settrace(entered)  # a profile would be told of every call of C's as well
        try:
            yield
        finally:
            sys.settrace(before)
