"""Keep a process, and all that it starts, to one core.

What a student's threads take is then their own process's time, and no other grading's.
"""

from __future__ import annotations

import contextlib
import os
import sys


def keep_to_one_core(number: int) -> None:
    """Stay on one of the cores that this process may use: the same one for the same number."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):  # a container may forbid it
            allowed = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, [allowed[number % len(allowed)]])
