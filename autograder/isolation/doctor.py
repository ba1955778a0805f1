"""Say which layers of a worker's confinement hold on this machine, found out by trying."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import cast

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.isolation.forks import ForkServer, Staged
from autograder.isolation.worker import wire
from autograder.isolation.worker.examine import Examination
from autograder.isolation.workers import Worker
from checks.telling.failures import StudentError, WorkerLost
from checks.telling.plain import plain

SECONDS = 60.0
TRIES = 2
READING, CALLS = "files closed", "system calls"
NEEDED = (READING, CALLS, "one writable folder", "no new privileges", "own session")
MEANING: Mapping[str, str] = MappingProxyType({
    "own user": "A worker is the grader's own user: what that user may read, write or end is closed "
                "by the other layers alone. Grade as root, as in a container, to have this one.",
    "no new privileges": "A program that a worker starts could gain rights. It cannot start any where "
                         "the filter of system calls holds.",
    "resource limits": "A worker can take all memory or all descriptors. It is still watched from "
                       "outside, and ended when it grows too large.",
    "one writable folder": "A worker can leave files behind, where its user may write.",
    READING: "A worker can read what its user may read: hidden tests, hidden digits, other "
             "submissions. A verdict cannot be forged, but answers can be copied. "
             "Linux 5.13 or later has what is needed (Landlock); keep the kit out of /usr, which "
             "every program may read.",
    CALLS: "A worker can use the network, start programs, and leave processes behind, which are "
           "then looked for and ended. Linux on x86_64 and aarch64 has what is needed (seccomp).",
    "own session": "Signals to the grader's group reach the worker, and the other way round.",
    "small environment": "A worker sees the grader's environment variables: keep secrets out of them.",
})  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer, and what got through it."""

    name: str
    through: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing got through."""
        return not self.through

    @property
    def meaning(self) -> str:
        """What it means where it does not hold."""
        return MEANING[self.name]


def layers(server: ForkServer, assignment: Assignment) -> list[Layer]:
    """Start a worker with nothing of a student's in it, and have it try what must not work.

    Raises KitError if none can be started.
    """
    said = ""
    for _ in range(TRIES):
        try:
            return _layers(server, assignment)
        except WorkerLost as error:
            said = str(error)
    raise KitError("autograder", f"no worker can be started: {said}",
                   "the last lines above say what is missing here")  # fmt: skip


def _layers(server: ForkServer, assignment: Assignment) -> list[Layer]:
    with tempfile.TemporaryDirectory(prefix="examination-") as folder:
        secret = Path(folder) / "secret"
        secret.write_text("not to be read")
        secret.chmod(0o644)
        Path(folder).chmod(0o711)  # so that it is no folder's rights that keep it closed
        own = Path(folder).resolve() / "worker" / "files"
        own.mkdir(parents=True)
        examination = Examination(
            secret=[str(secret), str(assignment.root / "grading.yml"), "/", str(Path.home())],
            outside=[folder, str(own), tempfile.gettempdir(), "/dev/shm"],
            user=os.geteuid(),
            memory_mb=assignment.settings.limits.memory_mb,
        )
        worker = Worker(server, Staged(own), assignment.settings.limits)
        try:
            reply, _ = worker.ask(
                wire.Examine(examination), {}, time.monotonic() + SECONDS, "the examination"
            )
        except StudentError as error:
            said = plain(worker.said)
            raise WorkerLost(f"a worker could not be examined: {error.text}\n{said}") from None
        finally:
            worker.close()
    found = cast(Mapping[str, Sequence[str]], wire.unpack(reply, {}, lambda number: number))
    return [Layer(name, tuple(found[name])) for name in MEANING]
