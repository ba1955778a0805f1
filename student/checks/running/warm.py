"""A warm process: it has torch and the checks imported, and runs pytest in forks of itself.

`python -m checks.running.warm FD ...` runs pytest with the arguments `...` at once, and again whenever
a line comes through the pipe FD; it ends with the pipe. checks/running/watch.py starts it.

A fork has this one thread and all memory as it is, which is what makes it quick, and dangerous:
- torch computes with a pool of threads (OpenMP's) that does not survive a fork: the first operation
  large enough for it hangs. The pool is started by the first such operation, so nothing is computed
  here, only imported. A fork starts a pool of its own, with as many threads as ever.
- numpy's OpenBLAS starts threads as soon as it is imported, but ends and restarts them around a fork.
- On macOS, Accelerate and whatever else is built on Objective-C may be used in a fork only if it was
  not in use before. Importing uses none of it. Where a run is ended by a signal all the same, the
  student is told how to run pytest without a fork.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from checks.running.heavy import import_heavy
from checks.running.watch import WAITING

ROOMS = ("telling", "code", "words", "beside", "judging")  # what tests import
# Nothing that pytest loads as a plugin: it warns of a plugin that is imported before.
OTHERS = ("asyncio", "pytest", "checks.running.local")
GRACE = 0.5  # seconds that pytest has after Ctrl-C, to say where it was
LOOK = 0.02
MOST_NAMES = 3  # of changed files

Stamps = dict[str, tuple[int, int]]  # file -> time of its last change, size


def main() -> None:
    """Import, run pytest, and run it again at every line."""
    orders, arguments = int(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # before the first run it ends this without a word
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    is_whole = _import_everything()
    Server(orders, arguments, _stamps() if is_whole else {}).serve()


def _import_everything() -> bool:
    """Import what a run needs but for the student's files; return whether all of it could be."""
    try:
        import_heavy()
        for name in OTHERS:
            importlib.import_module(name)
        for room in ROOMS:
            package = importlib.import_module(f"checks.{room}")
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"checks.{room}.{module.name}")
    except Exception:  # whatever keeps a module from being imported, the run will tell of it
        return False
    gc.freeze()
    return True


def _stamps() -> Stamps:
    """Return of which files on disk this process was made."""
    stamps = {}
    for file in {getattr(module, "__file__", None) for module in list(sys.modules.values())}:
        if isinstance(file, str):
            with contextlib.suppress(OSError):
                found = Path(file).stat()
                stamps[file] = found.st_mtime_ns, found.st_size
    return stamps


@dataclass(frozen=True)
class Run:
    """A fork that runs pytest."""

    pid: int
    verdict: int  # a pipe: something comes through it if pytest came to its end


class Server:
    """Runs, one at a time. A new one takes the place of one that goes on."""

    def __init__(self, orders: int, arguments: Sequence[str], made_of: Stamps) -> None:
        self._orders = orders
        self._arguments = arguments
        self._made_of = made_of
        self._run: Run | None = None
        self._is_interrupted = False

    def serve(self) -> None:
        """Run pytest now and at every order, until the pipe is closed."""
        ended, wake = socket.socketpair()
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # ends the waiting below
        signal.signal(signal.SIGINT, self._interrupt)
        self._run = self._begin()
        while True:
            ready, _, _ = select.select([self._orders, ended.fileno()], [], [])
            if ended.fileno() in ready:
                ended.recv(1024)
                self._look()
            if self._orders in ready:
                if not os.read(self._orders, 1024):
                    self._is_interrupted = True
                    self._stop(GRACE)
                    return
                if self._stop():
                    print("the run before was stopped", flush=True)
                self._renew()
                self._run = self._begin()

    def _interrupt(self, *_: object) -> None:
        """Ctrl-C reaches all processes of a terminal. The pipe is closed next, which is the end."""
        self._is_interrupted = True

    def _begin(self) -> Run:
        sys.stdout.flush()
        verdict, tell = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of OpenBLAS's threads: see above
            pid = os.fork()
        if pid:
            os.close(tell)
            return Run(pid, verdict)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self._orders)
        _run_pytest(self._arguments, tell)

    def _look(self) -> None:
        """Say what became of a run that has ended."""
        if self._run is None:
            return
        pid, status = os.waitpid(self._run.pid, os.WNOHANG)
        if not pid:
            return
        if not self._has_verdict():
            print(f"\n{_what_happened(os.waitstatus_to_exitcode(status))}", flush=True)
        if not self._is_interrupted:
            print(WAITING, flush=True)

    def _has_verdict(self) -> bool:
        """Forget the run; return whether pytest came to its end."""
        assert self._run is not None
        verdict, self._run = self._run.verdict, None
        os.set_blocking(verdict, False)  # what a student's code has started may have it open
        with open(verdict, "rb", buffering=0) as pipe:  # noqa: PTH123
            return bool(pipe.read(1))

    def _stop(self, grace: float = 0.0) -> bool:
        """End the run that goes on, at the latest after `grace` seconds; return whether one did."""
        self._look()
        end = time.monotonic() + grace
        while self._run and time.monotonic() < end:
            time.sleep(LOOK)
            self._look()
        if self._run is None:
            return False
        os.kill(self._run.pid, signal.SIGKILL)
        os.waitpid(self._run.pid, 0)
        self._has_verdict()
        return True

    def _renew(self) -> None:
        """Become a new process if this one is made of files that have changed, or lacks some."""
        now = _stamps()
        changed = [
            Path(file).name for file in self._made_of if now.get(file) != self._made_of[file]
        ]
        if self._made_of and not changed:
            return
        if changed:
            names = ", ".join(changed[:MOST_NAMES]) + (", ..." if len(changed) > MOST_NAMES else "")
            print(f"{names} changed: everything is loaded anew", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until it is ready for one
        command = [sys.executable, "-m", "checks.running.warm", str(self._orders)]
        os.execv(sys.executable, [*command, *self._arguments])


def _run_pytest(arguments: Sequence[str], tell: int) -> NoReturn:
    """Do what `python -m pytest` does, and end this process."""
    status = 1
    try:
        sys.argv = ["pytest", *arguments]
        try:
            runpy.run_module("pytest", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        os.write(tell, b"\n")
        atexit._run_exitfuncs()
    except BaseException:  # nothing may get out of here: outside, the other process's work goes on
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(status)


def _what_happened(status: int) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        return f"{name} ended the run before its verdict; `pytest` runs it in a process of its own"
    return f"the code ended the run before its verdict, with status {status}"


if __name__ == "__main__":
    main()
