"""The time that a process has used by its own doing, told apart from what the machine took.

A process that is ready to run and has no processor waits through no fault of its own: other processes
are busy, or a container has used up its share. Linux counts that for every thread (the second number
in /proc/PID/task/*/schedstat, in nanoseconds); a container's throttling is in it as well. Where that
cannot be read, processor time alone is its own; where not even this is told, all of the time is.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

NANOSECONDS = 1e-9
CPU_CLOCK_OF_PROCESS = 2  # in a clock's number, below the process's: see clock_getcpuclockid(3)


def cpu_seconds(pid: int) -> float | None:
    """Return the processor time of a process, ended threads included; None where it is not told."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return time.clock_gettime((~pid << 3) | CPU_CLOCK_OF_PROCESS)
    except OSError:  # it is gone
        return None


@dataclass(frozen=True)
class Thread:
    """Nanoseconds that a thread ran, and was ready and did not run; and whether it is ready now."""

    ran: int
    waited: int
    is_ready: bool


def _threads(pid: int) -> Mapping[str, Thread]:
    """Return the threads of a process, by number."""
    found = {}
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/task") as threads:
        for thread in threads:
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
                ran, waited, _ = Path(thread.path, "schedstat").read_text().split()
                state = Path(thread.path, "stat").read_text().rpartition(")")[2].split()[0]
                found[thread.name] = Thread(int(ran), int(waited), state == "R")
    return found


@dataclass
class OwnTime:
    """Counts for how long a process had to wait for a processor, from the first look on.

    With several threads on one core, what one waits for may be another of its own. So it was starved
    for no longer than nothing of it ran, between one look and the next. What a thread waited is only
    told when it runs again: until then, that it is ready is what counts.
    """

    pid: int
    starved: float = 0.0  # seconds
    _looked: float = 0.0
    _before: Mapping[str, Thread] | None = None
    _began: float | None = field(init=False)  # of processor time
    _cpu: float | None = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._cpu = cpu_seconds(self.pid)

    @property
    def cpu(self) -> float:
        """The processor time since this was made, as far as the process could still be asked."""
        now = cpu_seconds(self.pid)
        now = self._cpu if now is None else now
        return 0.0 if now is None or self._began is None else now - self._began

    def look(self) -> None:
        """Add what there was since it was looked at last. Look often: threads come and go."""
        now, threads, cpu = time.monotonic(), _threads(self.pid), cpu_seconds(self.pid)
        if self._before is not None and cpu is not None and self._cpu is not None:
            idle = max(0.0, now - self._looked - (cpu - self._cpu))
            self.starved += min(idle, _waited(self._before, threads, idle))
        self._looked, self._before = now, threads
        self._cpu = self._cpu if cpu is None else cpu


def _waited(before: Mapping[str, Thread], after: Mapping[str, Thread], idle: float) -> float:
    """Return for how many seconds between two looks a thread was ready, of those that none ran."""
    if not after:  # it is not told, or all have ended
        return idle
    if any(one.is_ready for one in (*before.values(), *after.values())):
        return idle
    nothing = Thread(0, 0, False)
    longest = max(one.waited - before.get(name, nothing).waited for name, one in after.items())
    return longest * NANOSECONDS


@dataclass
class Deadline:
    """The moment at which waiting for a process ends: put off by what others take from it.

    at        on the monotonic clock, if the process is never kept waiting
    wall      the moment that nothing puts off
    limit     the seconds that are named to whom it stops, who may have used some of them before
    own_time  of the process that is waited for
    """

    at: float
    wall: float
    limit: float
    own_time: OwnTime | None = None

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        """Return one that nothing puts off."""
        at = time.monotonic() + seconds
        return cls(at, at, seconds)

    @property
    def starved(self) -> float:
        """For how many seconds the process was kept waiting."""
        return 0.0 if self.own_time is None else self.own_time.starved

    @property
    def is_of_the_wall(self) -> bool:
        """Whether it passes by the clock on the wall, while the process has time left."""
        return self.at + self.starved > self.wall

    def look(self) -> None:
        if self.own_time is not None:
            self.own_time.look()

    def left(self) -> float:
        """Return the seconds until it passes, as far as is known without looking."""
        return min(self.at + self.starved, self.wall) - time.monotonic()

    def passed(self) -> bool:
        """Whether it is past; where it seems so, the process is looked at."""
        if self.left() > 0:
            return False
        self.look()
        return self.left() <= 0


NEVER = Deadline(math.inf, math.inf, math.inf)
