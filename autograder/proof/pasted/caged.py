"""Work through a list in processes that are forked for it, where nothing can be harmed.

There nothing is written, started, removed or sent. What hangs, or ends its process, is left, and
another process goes on with the next.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

HANGS = 30.0  # seconds without a word, after which a process is ended
MEMORY = 4 << 30  # bytes
REFUSED = (
    "subprocess.", "pty.", "shutil.", "socket.", "tempfile.", "webbrowser.", "os.system", "os.exec",
    "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.truncate", "os.link", "os.symlink", "os.chmod", "os.chown", "os.utime",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Result = TypeVar("Result")


@dataclass
class _Process(Generic[Result]):
    """A process at work on some places, of which it has done the first."""

    places: Sequence[int]
    work: Callable[[int], Result]
    done: int = 0
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        context = multiprocessing.get_context("fork")  # it has all that was loaded and seen
        self.results, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_work, args=(theirs, self.places, self.work), daemon=True
        )
        self._process.start()
        theirs.close()

    def news(self) -> tuple[int, Result] | None:
        """Return the next place and its result; None where there will be none."""
        if not self.results.poll():
            return None  # it hangs
        try:
            result: Result = self.results.recv()
        except EOFError:
            return None
        self.done, self.since = self.done + 1, time.monotonic()
        return self.places[self.done - 1], result

    def end(self) -> Sequence[int]:
        """End the process; return the places that it has not done."""
        self._process.kill()
        self._process.join()
        self.results.close()
        return self.places[self.done :]


def results(
    groups: Iterable[Sequence[int]], work: Callable[[int], Result]
) -> Iterator[tuple[int, Result | None]]:
    """Yield every place with what the work on it gives, as they get done; None where it was left.

    groups  places that are worked on in one process, one after the other
    """
    waiting = [group for group in groups if group]
    running: list[_Process[Result]] = []
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                running.append(_Process(waiting.pop(0), work))
            for process in _to_be_asked(running):
                news = process.news()
                if news is not None:
                    yield news
                    continue
                running.remove(process)
                first, *rest = process.end() or (None,)
                if first is not None:
                    yield first, None
                if rest:
                    waiting.append(rest)
    finally:
        for process in running:
            process.end()


def _to_be_asked(running: Sequence[_Process[Result]]) -> list[_Process[Result]]:
    """Wait until some processes have news, have ended, or hang; return these."""
    ready = wait([process.results for process in running], timeout=1.0)
    late = time.monotonic() - HANGS
    return [one for one in running if one.results in ready or one.since < late]


def _work(out: Connection, places: Sequence[int], work: Callable[[int], Result]) -> None:
    _shut_in()
    for place in places:
        out.send(work(place))
    out.close()
    os._exit(0)  # nothing of what was loaded is to run once more


def _shut_in() -> None:
    """Take the way out: output goes nowhere, and Python refuses what leaves the process."""
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = sys.stdout
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        flags = arguments[2]
        refused = isinstance(flags, int) and bool(flags & WRITING)
    else:
        refused = event.startswith(REFUSED)
    if refused:
        raise PermissionError(f"{event} is refused: functions are only tried here")
