"""Measure what a command costs, with all processes that it starts: time, CPU seconds, memory."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    _adopt()
    others = set(children(os.getpid()))
    before, started = _used(), time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], cwd=cwd, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    peak = _Peak(process.pid) if watch else None
    assert process.stderr is not None
    told = process.stderr.read()
    process.wait()
    seconds = time.perf_counter() - started
    for left in set(children(os.getpid())) - others:  # to end by themselves: they count as well
        with contextlib.suppress(ChildProcessError):
            os.waitpid(left, 0)
    process.stderr.close()
    peak_mb = peak.end() if peak else 0.0
    if process.returncode:
        raise CommandFailed(f"{command}: status {process.returncode}\n{told.decode()[-2000:]}")
    return Cost(seconds, _used() - before, peak_mb)


def _used() -> float:
    """Return the CPU seconds of all descendants that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _adopt() -> None:
    """Become the parent of descendants whose own parent has ended, so that they are counted."""
    with contextlib.suppress(OSError):  # Linux alone has that
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


class _Peak:
    """Looks at the memory of a process and its descendants again and again."""

    def __init__(self, pid: int) -> None:
        self._pid, self._mb, self._over = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(LOOK):
            self._mb = max(self._mb, sum(map(proportional_mb, family(self._pid))))

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self._mb


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, directly or not."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children(pid)
    return found


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has just ended
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):  # any thread may start one
            found += map(int, listed.read_text().split())
    return found


def proportional_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has just ended
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, flags=re.M)
    return int(found[1]) / 1024 if found else 0.0
