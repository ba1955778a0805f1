"""Keep a process, and all that it starts, to one core.

What a student's threads take is then their own process's time, and no other grading's.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import socket
import sys

_claims: list[socket.socket] = []  # names in the kernel, which go with this process


def keep_to_one_core(number: int) -> None:
    """Stay on one of the cores that this process may use: the same one for the same number."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):  # a container may forbid it
            allowed = _allowed()
            os.sched_setaffinity(0, [allowed[number % len(allowed)]])


def claim_core() -> int:
    """Return the number of a core that no more gradings of this machine have claimed than another.

    It is claimed until this process ends; where no claim can be made, it is any core. Gradings do not
    know of each other, as in the processes of a cluster: of two cores chosen blindly, one would often
    be shared while the other is idle.
    """
    if not sys.platform.startswith("linux"):
        return 0
    allowed = _allowed()
    for turn in itertools.count():
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        number = turn % len(allowed)
        try:
            claim.bind(f"\0vit-autograder-core-{allowed[number]}-{turn // len(allowed)}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                break  # names of this kind are forbidden here
        else:
            _claims.append(claim)
            return number
    return os.getpid()


def _allowed() -> list[int]:
    return sorted(os.sched_getaffinity(0))
