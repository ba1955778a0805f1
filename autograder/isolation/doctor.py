"""Say which layers of a worker's confinement hold on this machine, found out by trying."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.layers import MEANING, Layer
from autograder.isolation.worker import wire
from autograder.isolation.worker.examine import Examination
from autograder.isolation.workers import Worker
from checks.telling.failures import StudentError, WorkerLost
from checks.telling.plain import plain

SECONDS = 60.0
TRIES = 2


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
                wire.Examine(examination), {}, Deadline.within(SECONDS), "the examination"
            )
        except StudentError as error:
            said = plain(worker.said)
            raise WorkerLost(f"a worker could not be examined: {error.text}\n{said}") from None
        finally:
            worker.close()
    found = cast(Mapping[str, Sequence[str]], wire.unpack(reply, {}, lambda number: number))
    return [Layer(name, tuple(found[name])) for name in MEANING]
