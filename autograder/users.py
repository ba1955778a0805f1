"""Find an id that a fork server's workers can have to themselves."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.worker import landlock
from autograder.worker.confine import others_can_read, python_folders

USERS = range(60_600, 61_184)  # ids that Debian and systemd leave alone; containers map them, too
CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID = 0, 2, 5, 6, 7  # capabilities


def own_user() -> tuple[socket.socket | None, int | None]:
    """Return an id for this fork server's workers alone, and what keeps other graders from it.

    Only root can give a worker another id, and only if that id can read Python, or be given the
    right to read under Landlock's eyes. The lock is a name in the kernel: it goes with us.
    """
    if sys.platform != "linux" or os.geteuid() != 0 or not _may_change_users():
        return None, None
    taken = set(_ids_in_use())
    start = os.getpid() % len(USERS)  # containers share a kernel that counts processes by id
    for user in [*USERS[start:], *USERS[:start]]:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            if user not in taken:
                lock.bind(f"\0vit-autograder-worker-{user}")
                return lock, user
        except OSError:  # another grader has it
            pass
        lock.close()
    return None, None


def _may_change_users() -> bool:
    held = _capabilities()
    if not {CHOWN, KILL, SETGID, SETUID} <= held:
        return False
    if others_can_read([*python_folders(), Path(tempfile.gettempdir())]):
        return True
    return DAC_READ_SEARCH in held and landlock.version() > 0


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
