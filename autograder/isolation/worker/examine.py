"""Find out, inside a worker, what its confinement leaves open: by trying.

A system call that reports success proves nothing, and a layer may be in force and yet have a hole. So
every layer is judged by what gets through it.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from autograder.isolation.worker import kernel
from autograder.isolation.worker.confine import MB, MOST_FILES

MOST_VARIABLES = 20
NO_PROGRAM = "/no program"


class Examination(msgspec.Struct, frozen=True):
    """What to try: files and folders that exist and must be closed, and how much is too much.

    user  the grader's id
    """

    secret: Sequence[str]
    outside: Sequence[str]
    user: int
    memory_mb: int


def examine(of: Examination) -> dict[str, list[str]]:
    """Return for every layer what got through it: nothing, where it holds."""
    return {
        "own user": ["it runs as the grader's own user"] if os.geteuid() == of.user else [],
        "no new privileges": [] if _has_no_new_privileges() else ["programs may raise its rights"],
        "resource limits": list(_limits(of.memory_mb)),
        "one writable folder": list(_writing(of.outside)),
        "files closed": list(_reading(of.secret)),
        "system calls": list(_calls()),
        "own session": [] if os.getsid(0) == os.getpid() else ["it shares the grader's session"],
        "small environment": [] if len(os.environ) <= MOST_VARIABLES else ["it sees the grader's"],
    }


def _has_no_new_privileges() -> bool:
    try:
        return kernel.prctl(kernel.PR_GET_NO_NEW_PRIVS) == 1
    except OSError:
        return False


def _limits(memory_mb: int) -> Iterator[str]:
    with contextlib.suppress(OSError, MemoryError, ValueError):
        mmap.mmap(-1, (memory_mb + 64) * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        yield f"more than {memory_mb} MB of memory"
    opened: list[int] = []
    with contextlib.suppress(OSError):
        while len(opened) < MOST_FILES:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        yield f"more than {MOST_FILES} open files"
    for descriptor in opened:
        os.close(descriptor)


def _writing(outside: Sequence[str]) -> Iterator[str]:
    for folder in outside:
        path = Path(folder) / f"written by {os.getpid()}"
        with contextlib.suppress(OSError):
            path.write_bytes(b"")
            path.unlink()
            yield f"writing in {folder}"


def _reading(secret: Sequence[str]) -> Iterator[str]:
    for name in (*secret, f"/proc/{os.getppid()}/environ"):
        path = Path(name)
        with contextlib.suppress(OSError):
            if path.is_dir():
                list(path.iterdir())
            else:
                path.read_bytes()
            yield f"reading {name}"


def _calls() -> Iterator[str]:
    attempts: dict[str, Callable[[], object]] = {
        "a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "a new process": _fork,
        "a new program": _program,
        "a signal to another process": lambda: os.kill(os.getppid(), 0),
        "another process's memory": lambda: kernel.call(
            "process_vm_readv", os.getppid(), None, 0, None, 0, 0
        ),
        "memory with a name": lambda: os.close(
            kernel.call("memfd_create", ctypes.create_string_buffer(b"x"), 0)
        ),
    }
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError):
            attempt()
            yield name


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _program() -> None:
    with contextlib.suppress(FileNotFoundError):  # it was looked for: starting one is allowed
        os.execv(NO_PROGRAM, [NO_PROGRAM])
