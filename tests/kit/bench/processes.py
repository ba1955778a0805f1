"""Measure what a command costs, with all processes that it starts: time, CPU seconds, memory."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.isolation.worker import kernel

LOOK = 0.03  # seconds between two looks at memory


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float  # proportional set size of all its processes together; 0 if not watched


class CommandFailed(Exception):
    """A command that is measured has ended with an error."""


def cost_of(
    command: Sequence[object],
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    *,
    watch: bool = False,
) -> Cost:
    """Run a command, and return what it cost. Looking at memory slows it down: so only to `watch`."""
    this = psutil.Process()
    others = set(this.children())
    before, started = _used(), time.perf_counter()
    with _adopting():
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        peak = _Peak(process.pid) if watch else None
        assert process.stderr is not None
        told = process.stderr.read()
        process.wait()
        seconds = time.perf_counter() - started
        for left in set(this.children()) - others:  # to end by themselves: they count as well
            with contextlib.suppress(ChildProcessError):
                os.waitpid(left.pid, 0)
    process.stderr.close()
    peak_mb = peak.end() if peak else 0.0
    if process.returncode:
        raise CommandFailed(f"{command}: status {process.returncode}\n{told.decode()[-2000:]}")
    return Cost(seconds, _used() - before, peak_mb)


def _used() -> float:
    """Return the CPU seconds of all descendants that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Be the parent of descendants whose own parent has ended, so that they are counted.

    Only for the time of it: whoever goes on as such a parent has to wait for whatever is orphaned.
    """
    with contextlib.suppress(OSError):  # Linux alone has that
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 0)


class _Peak:
    """Looks at the memory of a process and its descendants again and again."""

    def __init__(self, pid: int) -> None:
        self._pid, self._mb, self._over = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(LOOK):
            self._mb = max(self._mb, sum(map(_proportional_mb, family(self._pid))))

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self._mb


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started, directly or not."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:  # it has just ended
        return []


def _proportional_mb(process: psutil.Process) -> float:
    """Return its memory, where what is shared by several counts as a share for each."""
    try:
        return float(process.memory_full_info().pss) / (1 << 20)
    except psutil.Error:  # it has just ended
        return 0.0
