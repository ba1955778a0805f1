"""One worker process: requests and replies, each within a deadline, and what it may use meanwhile."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.assignment.config import LimitSettings
from autograder.errors import WireError
from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.worker import wire
from autograder.isolation.worker.wire import Channel
from checks.code import cells
from checks.telling import wording
from checks.telling.failures import Frame, StudentError, WorkerLost
from checks.telling.plain import plain, plain_line

Listener = Callable[[int, int, str], None]
MOST_REPORTS = 10_000  # of progress, in one request
MOST_WORDS = 64 << 10  # bytes
MOST_WRITTEN_MB = 64
MOST_ENTRIES = 2000  # files and folders
LONGEST_PATH = 3000  # characters; Linux refuses 4096
MOST_PARTS = 4  # of a function's full name
MOST_SHOWN = 6  # lines of a traceback
LINE_END = re.compile(r"\r\n|\r|\n")  # as Python counts lines
NOTED = re.compile(r'^  File "(.{1,4096})", line (\d{1,9}) in (.{1,200})$')
ANYWHERE = ("<module>", "<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>")
FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")


class TooBusy(WorkerLost):
    """The worker had time left, and the machine had none for it."""

    def __init__(self) -> None:
        super().__init__(
            "the machine was too busy: a worker had time left, and no processor to use it"
        )


class TooLarge(Exception):
    """The worker uses more than it may; the text says of what."""


class Worker:
    """A worker for one question. When it is ended, nothing of it is left."""

    def __init__(self, server: ForkServer, staged: Staged, limits: LimitSettings) -> None:
        self._server = server
        self._folder, self._files = staged.folder, frozenset(staged.sources.values())
        self._started = server.start(staged, limits)
        self._channel = Channel(self._started.wire, self._look)
        self._most_mb = self._started.memory_mb + _memory_mb(self._started.pid)
        self.alive = True
        self.said = ""  # its last words
        self.ended_by: StudentError | None = None  # what later calls of its objects come to as well

    @property
    def pid(self) -> int:
        """The process's number, to look at what it uses."""
        return self._started.pid

    @property
    def scratch(self) -> Path:
        """The folder it may write in."""
        return self._started.scratch

    def ask(
        self,
        request: wire.Request,
        tensors: Mapping[str, Any],
        deadline: Deadline,
        call: str,
        listener: Listener | None = None,
    ) -> tuple[wire.Value, Mapping[str, Any]]:
        """Return the reply's value. Raises the StudentError that it came to instead, or TooBusy."""
        if isinstance(request, (wire.NewTest, wire.Load)):
            self._words()  # of an earlier test: it may have been slow, and well
        try:
            reply, received = self._exchange(request, tensors, deadline, listener)
        except TimeoutError:
            if deadline.is_of_the_wall:
                self.close()
                raise TooBusy from None
            text = wording.too_slow(call, deadline.limit)
            raise self._ended_for("too_slow", text, call) from None
        except TooLarge as error:
            raise self._ended_for("too_large", wording.too_large(call, str(error)), call) from None
        except (EOFError, OSError):
            raise self._died(call) from None
        except WireError:
            raise self.distrust(call) from None
        except KeyboardInterrupt:  # half-way through an answer nothing else can be asked
            self.close()
            raise
        if isinstance(reply, wire.Raised):
            said = wire.student_error(reply, call)
            said.frames = tuple(filter(None, map(self._anchored, said.frames)))
            raise said
        if isinstance(reply, wire.Broken):
            raise RuntimeError(f"in the worker, during {call}:\n{plain(reply.details)}")
        assert isinstance(reply, wire.Returned)
        return reply.value, received

    def distrust(self, call: str) -> StudentError:
        """End a worker that did not keep to the wire's rules; return the error to be raised."""
        return self._ended_for("died", wording.died(call, "sent what is no answer"), call)

    def end(self, grace: float = 0.0) -> int:
        """Kill the process, however it is; return its wait status. Raises WorkerLost."""
        if not self.alive:
            return 0
        self.alive = False
        return self._server.end(self._started, grace)

    def close(self) -> None:
        """Kill the process, if it and the fork server are still there."""
        with contextlib.suppress(WorkerLost):  # it went with the fork server
            self.end()

    def _exchange(
        self,
        request: wire.Request,
        tensors: Mapping[str, Any],
        deadline: Deadline,
        listener: Listener | None,
    ) -> tuple[wire.Reply, Mapping[str, Any]]:
        self._channel.send_request(request, tensors, deadline)
        for _ in range(MOST_REPORTS):
            reply, received = self._channel.receive_reply(deadline)
            if not isinstance(reply, wire.Progress):
                return reply, received
            if listener is not None:
                listener(reply.done, reply.total, plain_line(reply.what))
        raise WireError("nothing but reports of progress")

    def _ended_for(self, kind: str, text: str, call: str) -> StudentError:
        lines = self._last_lines()
        self.close()
        self.ended_by = StudentError(kind, text, call=call, frames=lines)
        return self.ended_by

    def _died(self, call: str) -> StudentError:
        lines = self._last_lines()
        status = self.end(grace=1.0)
        if not os.WIFSIGNALED(status):
            self.ended_by = StudentError("died", wording.died(call, "ended"), call=call)
            return self.ended_by
        name = _name_of(os.WTERMSIG(status))
        kind = "killed" if name in FROM_OUTSIDE else "died"
        text = wording.died(call, f"was ended by the signal {name}")
        self.ended_by = StudentError(kind, text, call=call, frames=lines)
        return self.ended_by

    def _look(self) -> None:
        """Raise TooLarge if the worker uses more memory or files than it may."""
        if _memory_mb(self.pid) > self._most_mb:
            raise TooLarge(f"{self._started.memory_mb} MB of memory")
        _look_at_files(self._started.scratch, self.pid)

    def _last_lines(self) -> list[Frame]:
        """Return the student's lines that the worker was in when it was last heard of.

        They come from the worker, so what counts is what they point at: the text is read here.
        """
        time.sleep(0.01)  # a crash is written down just before the end
        self.said = said = self._words()
        for thread in reversed(re.split(r"^(?:Current thread|Thread) ", said, flags=re.M)):
            frames = [*filter(None, map(self._frame, thread.splitlines()))]
            if frames:
                return frames[:MOST_SHOWN][::-1]
        return []

    def _words(self) -> str:
        """Return what the worker has left in its pipe."""
        try:
            return os.read(self._started.words, MOST_WORDS).decode("utf-8", "replace")
        except OSError:  # nothing
            return ""

    def _frame(self, line: str) -> Frame | None:
        found = NOTED.match(line)
        if found is None:
            return None
        return self._anchored(Frame(Path(found[1]).name, int(found[2]), found[3], ""))

    def _anchored(self, frame: Frame) -> Frame | None:
        """Return a frame as the staged file has it: the worker only says where to look."""
        if frame.file not in self._files:
            return None
        text, lines = _staged(self._folder / frame.file)
        if not 1 <= frame.line <= len(lines):
            return None
        parts = frame.function.replace(".<locals>", "").split(".")
        known = len(parts) <= MOST_PARTS and all(
            part in ANYWHERE or re.search(rf"\b(?:def|class)\s+{re.escape(part)}\b", text)
            for part in parts
        )
        line = plain_line(lines[frame.line - 1].strip())
        file, number = frame.file, frame.line
        if file == cells.FILE:
            file, number = cells.place(lines, number, named=not (known and frame.function))
        return Frame(file, number, frame.function if known else "", line)


@functools.lru_cache(maxsize=8)
def _staged(path: Path) -> tuple[str, Sequence[str]]:
    """Return a staged file, which does not change, and its lines."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return text, LINE_END.split(text)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # of a real-time signal
        return f"number {number}"


def _memory_mb(pid: int) -> int:
    """Return what a process has allocated and touched, apart from what it shares with files."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # gone, or a system without /proc
        return 0
    found = re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", status, flags=re.M)
    return sum(map(int, found)) >> 10


def _look_at_files(scratch: Path, pid: int) -> None:
    size, entries = _nameless(pid), 0
    if size > MOST_WRITTEN_MB << 20:
        raise TooLarge(f"{MOST_WRITTEN_MB} MB of files")
    folders = [str(scratch)]
    while folders:
        folder = folders.pop()
        if len(folder) > LONGEST_PATH:  # deeper than can be looked into
            raise TooLarge(f"{MOST_ENTRIES} files and folders")
        with contextlib.suppress(OSError), os.scandir(folder) as inside:
            for entry in inside:
                entries += 1
                size += _size(entry)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                if entries > MOST_ENTRIES:
                    raise TooLarge(f"{MOST_ENTRIES} files and folders")
                if size > MOST_WRITTEN_MB << 20:
                    raise TooLarge(f"{MOST_WRITTEN_MB} MB of files")


def _nameless(pid: int) -> int:
    """Return the bytes of the files that a process has open, and that are in no folder any more."""
    size = 0
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                told = Path(descriptor.path).stat()
                if stat.S_ISREG(told.st_mode) and not told.st_nlink:
                    size += told.st_blocks * 512
    return size


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0
