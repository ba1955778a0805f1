"""Hold torch imported, and fork a worker whenever the grader asks for one.

Importing torch takes seconds, a fork milliseconds. This process runs no operator and no code of a
student: forks of a process that had run a parallel operator were seen to hang.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

import msgspec
import torch
import torch._dynamo  # torch.optim imports it at the first step, which would take every worker a second

from autograder.worker.serve import run_worker


class Start(msgspec.Struct, tag="start"):
    """Fork a worker for the files in this folder; its end of the wire comes along."""

    folder: str
    sources: dict[str, str]


class End(msgspec.Struct, tag="end"):
    """End a worker and say how it ended: by itself within `grace` seconds, or killed."""

    pid: int
    grace: float


Order = Start | End
_decode = msgspec.json.Decoder(Order).decode
MOST_ORDER = 64 << 10


def main() -> None:
    """Serve orders on the socket at descriptor 0 until the grader closes it."""
    control = socket.socket(fileno=os.dup(0))
    workers: set[int] = set()
    torch.set_num_threads(1)
    try:
        control.send(b"ready")
    except BrokenPipeError:  # the grader had nothing to grade and has left
        return
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, MOST_ORDER, 1)
        if not data:
            break
        order = _decode(data)
        if isinstance(order, Start):
            pid = os.fork()
            if pid == 0:
                control.close()
                wire = socket.socket(fileno=descriptors[0])
                run_worker(wire, Path(order.folder), order.sources)
            os.close(descriptors[0])
            workers.add(pid)
            control.send(str(pid).encode())
        elif order.pid in workers:
            workers.discard(order.pid)
            control.send(str(_end(order.pid, order.grace)).encode())
    for pid in workers:
        _end(pid, grace=0)


def _end(pid: int, grace: float) -> int:
    """Kill the worker and its group; return its wait status."""
    until = time.monotonic() + grace
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.005)
        done, status = os.waitpid(pid, os.WNOHANG)
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if kill is os.killpg or not done:  # a reaped pid may belong to somebody else by now
                kill(pid, signal.SIGKILL)
    return status if done else os.waitpid(pid, 0)[1]


if __name__ == "__main__":
    main()
    sys.exit(0)
