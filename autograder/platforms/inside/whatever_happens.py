"""Grade, and have something to show at every moment, whatever becomes of the grading."""

from __future__ import annotations

import contextlib
import secrets
import signal
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from autograder.assignment.config import Assignment, load
from autograder.errors import KitError
from autograder.grading.grade import Grader
from autograder.grading.report import Report, not_run
from autograder.isolation.forking.early import FORKSERVER
from autograder.isolation.forking.forks import ForkServer
from checks.telling import wording

FOUND_BESIDE = """\
import runpy, sys
sys.path[:0] = {folders!r}
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


def use(kit: Path) -> Assignment:
    """Load a kit that is installed nowhere, and let the fork server, a Python of its own, find it."""
    folders = [str(kit), str(kit / "student")]
    ForkServer.program = ("-c", FOUND_BESIDE.format(folders=folders, module=FORKSERVER))
    return load(kit)


def graded(assignment: Assignment, submission: Path, on_report: Callable[[Report], None]) -> Report:
    """Hand on what is known: now, after every question, and at the end; return that.

    on_report  may raise KitError: the disk may be full for a moment. At the end that is raised.

    A platform's time limit (SIGTERM) is answered as Ctrl-C is: with what is known by then.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    questions, seed = list(assignment.questions), secrets.randbelow(10**6)
    latest = not_run(assignment, questions, seed)

    def keep(report: Report) -> None:
        nonlocal latest
        latest = report
        with contextlib.suppress(KitError):
            on_report(report)

    keep(latest)
    try:
        with Grader(assignment) as grader:
            latest = grader.grade(submission, questions, seed, on_report=keep)
    except BaseException:  # whatever it was, the student gets what is known, and a teacher the rest
        details = f"{latest.details}\n{traceback.format_exc()}".strip()
        latest = replace(latest, message=wording.NOT_FINISHED, details=details, interrupted=True)
    on_report(latest)
    return latest
