"""Hold torch imported, and fork a worker whenever the grader asks for one.

Importing torch takes seconds, a fork milliseconds. This process runs no operator and no code of a
student: forks of a process that had run a parallel operator were seen to hang. It knows no answer
either, so that a worker, which starts as its copy, has none to find.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import torch
import torch._dynamo  # torch.optim imports it at the first step, which would take every worker a second

from autograder.isolation import control
from autograder.isolation.cores import claim_core, keep_to_one_core
from autograder.isolation.worker import kernel
from autograder.isolation.worker.blocked import Block, prepare
from autograder.isolation.worker.confine import Confinement, python_folders, readable
from autograder.isolation.worker.serve import run_worker
from checks.code.forbidden import Findings, Forbidden


class Start(msgspec.Struct, tag="start"):
    """Fork a worker for these files. Two descriptors come along: the wire, and for last words."""

    sources: dict[str, str]
    forbidden: list[Forbidden]
    found: dict[str, Findings]
    paid_for: bool
    confinement: Confinement


class End(msgspec.Struct, tag="end"):
    """End a worker and say how it ended: by itself within `grace` seconds, or killed."""

    pid: int
    grace: float


Order = Start | End
_decode = msgspec.json.Decoder(Order).decode
MOST_ORDER, MOST_ANSWER = 64 << 10, 1024
REFUSED = b"refused"
# What torch, safetensors and Python import at the first step, the first tensor, the first file: here
# once, and not by every worker. Some releases have other names for it.
AT_FIRST_USE = ("encodings.utf_8_sig", "numpy.ctypeslib", "torch.profiler._cupti_monitor")
for name in AT_FIRST_USE:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)


class ForkServer:
    """The workers that live, by pid, and the user that each one runs as. All stay on one core.

    To take out what is forbidden writes over megabytes of what a fork shares with its server. So it is
    done once, in here, at the first order that is not paid for. Before that, this process forks a
    server that stays whole, for whatever orders ask for something else.
    """

    def __init__(self, orders: socket.socket, core: int) -> None:
        self._orders, self._core = orders, core
        self._users: dict[int, int | None] = {}
        self._block = Block(())
        self._whole: socket.socket | None = None  # how the other server is reached
        self._whole_pid = 0

    def serve(self) -> None:
        """Follow orders until the grader hangs up; then nothing is left alive."""
        with contextlib.suppress(ConnectionError):  # of a grader, too, that was interrupted
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._orders, MOST_ORDER, 2)
                if not data:
                    break
                self._orders.send(self._follow(data, descriptors))
        if self._whole is not None:  # when this process ends, the user is free for somebody else
            self._whole.close()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._whole_pid, 0)
        for pid in list(self._users):
            self._end(pid, grace=0)

    def _follow(self, data: bytes, descriptors: list[int]) -> bytes:
        order = _decode(data)
        if isinstance(order, End):
            if self._whole is not None and order.pid not in self._users:
                return self._handed_on(data)
            return str(self._end(order.pid, order.grace)).encode()
        try:
            if self._whole is None and order.forbidden and not order.paid_for:
                self._split(order.forbidden)
            is_ours = order.forbidden == self._block.forbidden and not order.paid_for
            if self._whole is not None and not is_ours:
                return self._handed_on(data, descriptors)
            return self._start(order, *descriptors)
        except ConnectionError:
            raise
        except OSError:  # no more processes, or no more memory
            return REFUSED
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _split(self, forbidden: Sequence[Forbidden]) -> None:
        """Fork the server that stays whole; then take out what is forbidden here."""
        prepare(forbidden)
        ours, theirs = control.pair()
        with theirs:
            pid = os.fork()
            if pid == 0:
                try:
                    control.keep_only(theirs)
                    _adopt()
                    ForkServer(control.own_end(), self._core).serve()
                finally:
                    os._exit(0)
        self._whole, self._whole_pid = ours, pid
        self._block = Block(forbidden)
        self._block.enforce()

    def _handed_on(self, data: bytes, descriptors: Sequence[int] = ()) -> bytes:
        """Have the other server follow an order. Raises ConnectionError if it is gone."""
        assert self._whole is not None
        socket.send_fds(self._whole, [data], descriptors)
        answer = self._whole.recv(MOST_ANSWER)
        if not answer:
            raise ConnectionResetError
        return answer

    def _start(self, order: Start, wire: int, words: int) -> bytes:
        block = self._block
        if not block.in_force:
            prepare(order.forbidden)
            block = Block(order.forbidden)
        pid = os.fork()
        if pid == 0:
            keep_to_one_core(self._core)
            run_worker(
                wire, words, order.sources, block, order.found, order.paid_for, order.confinement
            )
        self._users[pid] = order.confinement.user
        return str(pid).encode()

    def _end(self, pid: int, grace: float) -> int:
        """Kill a worker and whatever it has started.

        Returns its wait status, or 0 if it had not ended by itself. There is one worker at a time:
        all processes of its user are killed with it.
        """
        if pid not in self._users:
            return 0
        user = self._users.pop(pid)
        until = time.monotonic() + grace
        done, status = os.waitpid(pid, os.WNOHANG)
        while not done and time.monotonic() < until:
            time.sleep(0.005)
            done, status = os.waitpid(pid, os.WNOHANG)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if not done:  # a pid that was waited for may belong to somebody else by now
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if user is not None:
            _kill_all_of(user)
        self._reap_orphans()
        return status

    def _reap_orphans(self) -> None:
        """End processes that a worker left behind: they have become children of this one."""
        for pid in _children():
            if pid not in (*self._users, self._whole_pid):
                with contextlib.suppress(ProcessLookupError, ChildProcessError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def _kill_all_of(user: int) -> None:
    """Kill every process of a user that is a worker's alone: nothing outruns this one call.

    A thread makes it that has become this user. To the kernel a thread has an id of its own; a process
    for it would be one more fork of all that is loaded here.
    """
    thread = threading.Thread(target=_kill_as, args=(user,))
    thread.start()
    thread.join()


def _kill_as(user: int) -> None:
    with contextlib.suppress(OSError):  # there may be nothing to kill
        kernel.call("setresuid", user, user, user)  # if this fails, so does all of it
        kernel.call("kill", -1, signal.SIGKILL)


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return [int(pid) for pid in path.read_text().split()]
    except OSError:
        return []


def _adopt() -> None:
    """Become the parent of what workers leave behind."""
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def main() -> None:
    """Serve orders on the socket at descriptor 0 until the grader closes it."""
    orders = control.own_end()
    torch.set_num_threads(1)
    python_folders(), readable()  # what is looked up here, no worker needs to look up
    torch.backends.cpu.get_cpu_capability()  # reads /proc/cpuinfo once
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # no worker of the same user looks into this memory
    _adopt()
    gc.freeze()  # a collection in a worker does not go through, and so copy, all that is loaded here
    try:
        orders.send(b"ready")
    except BrokenPipeError:  # the grader had nothing to grade and has left
        return
    ForkServer(orders, claim_core()).serve()


if __name__ == "__main__":
    main()
    os._exit(0)  # Python's own way out takes torch apart, which is a second of waiting
