"""Start the fork server, and have it start and end workers, each in a confinement of its own."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder.assignment.config import LimitSettings
from autograder.errors import KitError
from autograder.isolation import control
from autograder.isolation.forking import early
from autograder.isolation.forking.early import ENVIRONMENT, FORKSERVER
from autograder.isolation.forking.users import own_user
from autograder.isolation.worker.confine import Confinement
from checks.code.forbidden import Findings, Forbidden
from checks.telling.failures import WorkerLost

STARTUP_SECONDS = 120.0
STARTS = 3  # of a fork server that ends before it is ready
MOST_FILE_MB = 4
WIRE_BUFFER = 4 << 20  # bytes that one side may be ahead; the system may allow less
FOR_THE_GRADER_MB = 330  # what the grader and the fork server need of a small container
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Staged:
    """What a worker is started for: files in a folder, by module, and what they must not call.

    found      what of that they call, by module, where it is known
    paid_for   what can be seen to be forbidden has cost its questions, and may run
    """

    folder: Path
    sources: Mapping[str, str] = field(default_factory=dict)
    forbidden: Sequence[Forbidden] = ()
    found: Mapping[str, Findings] = field(default_factory=dict)
    paid_for: bool = False


@dataclass(frozen=True)
class Started:
    """A worker: its pid, our end of its wire, where its last words arrive, and its scratch folder."""

    pid: int
    wire: socket.socket
    words: int
    scratch: Path
    memory_mb: int


class ForkServer:
    """The process that holds torch and forks workers. Starts at once, is waited for when needed."""

    program = ("-m", FORKSERVER)

    def __init__(self) -> None:
        self._user = own_user()
        self._open()

    def _open(self) -> None:
        self._ready = False
        if forked := early.take():
            self._process: early.Forked | subprocess.Popen[bytes] = forked
            self._control = forked.control
            return
        self._control, theirs = control.pair()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", *self.program],
            stdin=theirs.fileno(),
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the grader, which then hangs up
        )
        theirs.close()

    @property
    def user(self) -> int | None:
        """The id that the workers run as, where it is not the grader's own."""
        return self._user.id

    def start(self, staged: Staged, limits: LimitSettings) -> Started:
        """Fork a worker for these files. Raises WorkerLost if that cannot be done."""
        self._wait_until_ready()
        scratch = self._lay_out(staged.folder)
        confinement = Confinement(
            scratch=str(scratch),
            user=self._user.id,
            reads_all=self._user.reads_all,
            memory_mb=min(limits.memory_mb, _memory_of_container_mb()),
            file_mb=MOST_FILE_MB,
            seconds=int(limits.seconds_in_all) + 1,
        )
        order = {
            "type": "start",
            "sources": dict(staged.sources),
            "forbidden": list(staged.forbidden),
            "found": dict(staged.found),
            "paid_for": staged.paid_for,
            "confinement": confinement,
        }
        pid, wire, words = self._fork(order, scratch)
        return Started(pid, wire, words, scratch, confinement.memory_mb)

    def _fork(self, order: Mapping[str, object], scratch: Path) -> tuple[int, socket.socket, int]:
        """Have a worker forked; return its pid and our ends of its wire and its last words."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WIRE_BUFFER)
        words, their_words = os.pipe()
        os.set_blocking(words, False)
        try:
            pid = int(self._order(order, [theirs.fileno(), their_words]))
        except (WorkerLost, ValueError):
            ours.close()
            os.close(words)
            _remove(scratch)
            raise WorkerLost("no worker could be started") from None
        finally:
            theirs.close()
            os.close(their_words)
        return pid, ours, words

    def end(self, worker: Started, grace: float = 0.0) -> int:
        """End a worker, with all that it has started and written; return its wait status."""
        try:
            return int(self._order({"type": "end", "pid": worker.pid, "grace": grace}))
        finally:
            worker.wire.close()
            os.close(worker.words)
            _remove(worker.scratch)

    def close(self) -> None:
        """Hang up: the server ends its workers and itself."""
        self._hang_up()
        if self._user.lock is not None:
            self._user.lock.close()

    def _hang_up(self) -> None:
        self._control.close()
        if self._ready:  # else it has no worker yet, and may be busy with its imports for seconds
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        self._process.kill()
        self._process.wait()

    def _lay_out(self, folder: Path) -> Path:
        """Make the folder that a worker may write in, with a copy of the files for it alone.

        Code that writes beside its file finds that it may; what is judged and shown is the original.
        """
        scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=folder.parent))
        for file in folder.iterdir():
            shutil.copyfile(file, scratch / file.name)
        if self.user is not None:
            for made in (scratch, *scratch.iterdir()):
                os.chown(made, self.user, self.user)
            folder.chmod(0o700)
            folder.parent.chmod(0o711)
        return scratch

    def _wait_until_ready(self) -> None:
        for _ in range(STARTS):
            if self._process.poll() is not None:  # it was killed: a new one takes its place
                self._hang_up()
                self._open()
            with contextlib.suppress(WorkerLost):
                self._ready = self._ready or self._answer() == b"ready"
                return
        raise KitError(
            FORKSERVER,
            f"the process that starts workers has ended {STARTS} times",
            f"see above for why; `python -c 'import {FORKSERVER}'` tells as well",
        )

    def _order(self, order: Mapping[str, object], descriptors: list[int] | None = None) -> bytes:
        try:
            socket.send_fds(self._control, [msgspec.json.encode(order)], descriptors or [])
        except OSError:
            raise WorkerLost("the process that starts workers has ended") from None
        return self._answer()

    def _answer(self) -> bytes:
        self._control.settimeout(STARTUP_SECONDS)
        try:
            answer = self._control.recv(1024)
        except OSError:
            answer = b""
        if not answer:
            self._process.kill()
            self._process.wait()
            raise WorkerLost("the process that starts workers has ended")
        return answer


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):  # as it is left as a rule: with a few files, and no folders
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return
    # Not by shutil: it recurses, and a submission may have made folders a thousand deep.
    subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


@functools.cache
def _memory_of_container_mb() -> int:
    """Return what a container's limit on memory leaves for a worker."""
    for path in CONTAINER_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            return max(int(path.read_text()) // (1 << 20) - FOR_THE_GRADER_MB, 128)
    return sys.maxsize
