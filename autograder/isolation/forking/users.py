"""Find an id that a fork server's workers can have to themselves."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.isolation.worker import landlock
from autograder.isolation.worker.confine import others_can_read, python_folders

USERS = range(60_600, 61_184)  # ids that Debian and systemd leave alone; containers map them, too
CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID = 0, 2, 5, 6, 7  # capabilities


@dataclass(frozen=True)
class OwnUser:
    """Who workers run as.

    id         None: the grader's own user
    reads_all  it needs the right to read what is closed to others, under Landlock's eyes
    lock       keeps other graders from this id: a name in the kernel, which goes with us
    """

    id: int | None = None
    reads_all: bool = False
    lock: socket.socket | None = None


def own_user() -> OwnUser:
    """Find an id for this fork server's workers alone. Only root can give a worker another one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return OwnUser()
    held = _capabilities()
    reads_all = not others_can_read([*python_folders(), Path(tempfile.gettempdir())])
    if not {CHOWN, KILL, SETGID, SETUID} <= held:
        return OwnUser()
    if reads_all and not (DAC_READ_SEARCH in held and landlock.version()):
        return OwnUser()
    taken = set(_ids_in_use())
    start = os.getpid() % len(USERS)  # containers share a kernel that counts processes by id
    for user in [*USERS[start:], *USERS[:start]]:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            if user not in taken:
                lock.bind(f"\0vit-autograder-worker-{user}")
                return OwnUser(user, reads_all, lock)
        except OSError:  # another grader has it
            pass
        lock.close()
    return OwnUser()


def _capabilities() -> set[int]:
    """Return the numbers of the capabilities that this process has."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return set()
    found = re.search(r"^CapEff:\s+([0-9a-f]+)$", status, flags=re.M)
    mask = int(found[1], 16) if found else 0
    return {number for number in range(64) if mask >> number & 1}


def _ids_in_use() -> Iterator[int]:
    import pwd  # not on Windows, where nothing of this is asked for

    yield from (entry.pw_uid for entry in pwd.getpwall())
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield process.stat().st_uid
