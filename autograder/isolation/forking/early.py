"""Fork the fork server from a process that has torch already, instead of starting a second Python.

That saves a grading seconds and a hundred megabytes. But what a process holds when it forks, every
worker could read in its memory. So only such a process forks here as was started with nothing in its
environment, and has not read yet what it is to do: its own environment, a test, an answer.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from autograder.isolation import control

FORKSERVER = "autograder.isolation.worker.forkserver"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "USER": "student",
    "MPLBACKEND": "Agg",
    # One thread: two collapse as soon as anything else runs on the machine.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # What torch.compile would make runs as it is written: there is no compiler for a worker to start.
    "TORCHDYNAMO_DISABLE": "1",
}
STARTED_WITH_NOTHING = dict(os.environ) == ENVIRONMENT  # torch adds to it when it is imported
AGAIN = "from autograder.isolation.forking.early import go_on; go_on()"
LOOK = 0.01  # seconds between two looks at a process that is to end


class Forked:
    """A fork server that was forked: what is asked of a subprocess.Popen, and our end of its socket."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid, self.control = pid, control
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return how it has ended, or None while it lives."""
        if self._status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(FORKSERVER, timeout or 0.0)
            time.sleep(LOOK)
        return status

    def kill(self) -> None:
        """End it now."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Program(msgspec.Struct):
    """What a process is to do: a module to run, and what it finds in the interpreter."""

    module: str
    argv: Sequence[str]
    path: Sequence[str]
    environment: Mapping[str, str]


_forked: Forked | None = None


def take() -> Forked | None:
    """Return the fork server that was forked early, to whoever asks first."""
    global _forked
    taken, _forked = _forked, None
    return taken


def has_started_over() -> bool:
    """Return whether this program is run for the second time."""
    return _forked is not None


def start_over(module: str) -> None:
    """Run this program once more, as a module, in a Python that forks its fork server first.

    Returns where that has been done, or where it cannot be: the fork server is started then.
    """
    if has_started_over() or not (_can_fork() and _is_ours()):
        return
    argv, path = sys.argv[1:], sys.path
    program = Program(module, argv, path, dict(os.environ))
    try:
        memory = os.memfd_create("program", flags=0)  # without the flag that closes it at the exec
        with os.fdopen(memory, "wb", closefd=False) as file:
            file.write(msgspec.msgpack.encode(program))
    except OSError:
        return
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-I", "-B", "-c", AGAIN, str(memory)], ENVIRONMENT)


def go_on() -> NoReturn:
    """Fork the fork server; then read what there is to do, and do it."""
    fork()
    with os.fdopen(int(sys.argv[1]), "rb") as memory:
        memory.seek(0)
        program = msgspec.msgpack.decode(memory.read(), type=Program)
    set_environment(program.environment)
    sys.path[:] = program.path
    sys.argv[1:] = program.argv
    runpy.run_module(program.module, run_name="__main__", alter_sys=True)
    sys.exit()


def set_environment(variables: Mapping[str, str]) -> None:
    """Have these variables and no others from now on."""
    os.environ.clear()
    os.environ.update(variables)


def fork() -> None:
    """Fork the fork server, where this process holds nothing that a worker must not have."""
    global _forked
    if not (_can_fork() and STARTED_WITH_NOTHING):
        return
    server = importlib.import_module(FORKSERVER)
    ours, theirs = control.pair()
    gc.freeze()  # a collection would write into every object, and so copy what is shared
    pid = os.fork()
    if pid:
        theirs.close()
        _forked = Forked(pid, ours)
        return
    try:
        os.setsid()  # Ctrl-C is for the grader, which then hangs up
        os.chdir("/")
        control.keep_only(theirs)
        server.main()
    finally:
        os._exit(0)


def _can_fork() -> bool:
    return sys.platform == "linux"


def _is_ours() -> bool:
    """Whether this process runs a program of ours, and not another one that calls it."""
    main = sys.modules["__main__"]
    name = main.__spec__.name if main.__spec__ else Path(getattr(main, "__file__", "")).stem
    return name.split(".")[0] == "autograder"
