"""Run pytest now, and again whenever a Python file beside the checks is saved."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from checks.running.facts import STUDENT

QUIET_MS = 25  # an editor saves in several steps: a run begins once nothing more comes
LONGEST_MS = 200  # or after this
WAITING = "waiting for a change (Ctrl-C ends)"


class Runs(Protocol):
    """How pytest is run."""

    def again(self) -> None: ...
    def end(self) -> None: ...


def watch(arguments: Sequence[str]) -> int:
    """Run pytest with these arguments until Ctrl-C; return the status."""
    try:
        from watchfiles import PythonFilter, watch
    except ImportError:
        print("This needs watchfiles: python -m pip install watchfiles", file=sys.stderr)
        return 2
    signal.signal(signal.SIGINT, _interrupt_once)
    with contextlib.suppress(KeyboardInterrupt), _runs([str(STUDENT), *arguments]) as runs:
        for changes in watch(
            STUDENT,
            watch_filter=PythonFilter(),
            recursive=False,
            step=QUIET_MS,
            debounce=LONGEST_MS,
        ):
            names = ", ".join(sorted({Path(path).name for _, path in changes}))
            print(f"\n{names} saved", flush=True)
            runs.again()
    return 0


def _interrupt_once(_: int, __: FrameType | None) -> None:
    """Raise KeyboardInterrupt at the first Ctrl-C; a second one must not disturb the end."""
    signal.signal(signal.SIGINT, lambda *_: None)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _runs(arguments: Sequence[str]) -> Iterator[Runs]:
    """Begin the first run; at the end, stop what still runs."""
    runs: Runs = InForks(arguments) if hasattr(os, "fork") else InTurn(arguments)
    try:
        yield runs
    finally:
        runs.end()


class InTurn:
    """A process for each run, which imports torch anew: where there is no fork."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "pytest", *arguments]
        self.again()

    def again(self) -> None:
        subprocess.run(self._command, check=False)
        print(WAITING, flush=True)

    def end(self) -> None:
        """Nothing runs: a run in the foreground ended with what ended the watch."""


class InForks:
    """A warm process that has torch and runs pytest in forks of itself: see warm.py.

    It is no fork of this one, since watching takes threads, and threads and forks do not go together.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._start()

    def _start(self) -> None:
        """Start the warm process, which runs pytest as soon as it can."""
        read, self._orders = os.pipe()
        command = [sys.executable, "-m", "checks.running.warm", str(read), *self._arguments]
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until it is ready for one
        self._process = subprocess.Popen(command, pass_fds=[read])
        os.close(read)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def again(self) -> None:
        """Stop the run that goes on, and begin a new one."""
        try:
            os.write(self._orders, b"\n")
        except BrokenPipeError:  # the warm process was killed
            self.end()
            self._start()

    def end(self) -> None:
        """Close the pipe, by which the warm process knows that it is over."""
        os.close(self._orders)
        self._process.wait()
