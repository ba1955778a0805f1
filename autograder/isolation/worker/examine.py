"""Find out, inside a worker, what its confinement leaves open: by trying.

A system call that reports success proves nothing, and a layer may be in force and yet have a hole. So
every layer is judged by what gets through it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from autograder.isolation.worker import kernel
from autograder.isolation.worker.confine import MB, MOST_FILES

MOST_VARIABLES = 20
NO_PROGRAM = "/no program"
# What the machine counts, and all that run on it change.
COUNTED = """
    /proc/stat /proc/meminfo /proc/loadavg /proc/vmstat /proc/locks /proc/keys /proc/sysvipc/shm
    /proc/net/unix /sys/devices/system/node/node0/vmstat
""".split()


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
        "system calls": list(through(getting_out() | being_noticed())),
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
    for name in (*secret, f"/proc/{os.getppid()}/environ", *COUNTED):
        path = Path(name)
        with contextlib.suppress(OSError):
            if path.is_dir():
                list(path.iterdir())
            else:
                path.read_bytes()
            yield f"reading {name}"


def through(attempts: Mapping[str, Callable[[], object]]) -> Iterator[str]:
    """Make attempts, and yield the names of those that are not refused."""
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError, AttributeError):  # refused, or not known to this system
            attempt()
            yield name


def getting_out() -> dict[str, Callable[[], object]]:
    """Return attempts to reach the network, programs and other processes."""
    return {
        "a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "an abstract name": _abstract_name,
        "a datagram to an address": _datagram,
        "a stream to an address": _stream,
        "a new process": _fork,
        "a new program": _program,
        "a signal to another process": lambda: os.kill(os.getppid(), 0),
        "another process's memory": lambda: kernel.call(
            "process_vm_readv", os.getppid(), None, 0, None, 0, 0
        ),
        "memory with a name": lambda: os.close(
            kernel.call("memfd_create", ctypes.create_string_buffer(b"x"), 0)
        ),
        "which processor it runs on": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
        "its priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0)),
    }  # fmt: skip


def being_noticed() -> dict[str, Callable[[], object]]:
    """Return attempts to see what another worker does, or to do what another worker sees."""
    other, space = os.getppid(), ctypes.create_string_buffer(4096)
    return {
        "a lock on a file": lambda: _on_a_file(lambda file: fcntl.flock(file, fcntl.LOCK_SH)),
        "a lock on a part of a file": lambda: _on_a_file(
            lambda file: fcntl.lockf(file, fcntl.LOCK_SH)
        ),
        "who has locked a file": lambda: _on_a_file(
            lambda file: fcntl.fcntl(file, fcntl.F_GETLK, struct.pack("hhqqi", 0, 0, 0, 0, 0))
        ),
        "a lease of a file": lambda: _on_a_file(lambda file: fcntl.fcntl(file, fcntl.F_GETLEASE)),
        "notices of a folder": _notices,
        "a place to wait at in a file": _place_in_a_file,
        "what is free on the disk": lambda: os.statvfs("/"),
        "what is free of the memory": lambda: kernel.call("sysinfo", space),
        "that all is written to the disk": lambda: kernel.call("sync"),
        "another process's group": lambda: os.getpgid(other),
        "another process's session": lambda: os.getsid(other),
        "another process's priority": lambda: os.getpriority(os.PRIO_PROCESS, other),
        "another process's scheduling": lambda: os.sched_getscheduler(other),
        "another process's processors": lambda: os.sched_getaffinity(other),
        "another process's disk priority": lambda: kernel.call("ioprio_get", 1, other),
        "another process's capabilities": lambda: kernel.call(
            "capget", ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, other)), space
        ),
        "another process's clock": lambda: time.clock_gettime(~other << 3 | 2),
    }


def _abstract_name() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(f"\0examination {os.getpid()}")


def _datagram() -> None:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with pair[0], pair[1], contextlib.suppress(ConnectionRefusedError):  # it was looked for
        pair[0].sendto(b"", "\0nobody")


def _stream() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            ours.sendto(b"x", "\0nobody")
        except OSError as error:
            if error.errno != errno.EISCONN:  # it was tried, on a socket that has its other end
                raise


def _on_a_file(attempt: Callable[[int], object]) -> None:
    """Try something with a file that all may read: Python's own."""
    with Path(os.__file__).open("rb") as file:
        attempt(file.fileno())


def _notices() -> None:
    folder = os.open(Path(os.__file__).parent, os.O_RDONLY)
    try:
        fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_CREATE)
    finally:
        os.close(folder)


def _place_in_a_file() -> None:
    """Wait at a word of a file, where whoever maps it could wake us, for no time at all."""
    with Path(os.__file__).open("rb") as file:
        page = mmap.mmap(file.fileno(), mmap.PAGESIZE, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED)
    place = np.frombuffer(page, np.uint32)
    with contextlib.suppress(TimeoutError):
        kernel.call("futex", place.ctypes.data, 0, int(place[0]), ctypes.create_string_buffer(16))


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _program() -> None:
    with contextlib.suppress(FileNotFoundError):  # it was looked for: starting one is allowed
        os.execv(NO_PROGRAM, [NO_PROGRAM])
