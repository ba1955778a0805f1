"""Grade on a Dask cluster: the suite travels once to each worker, each submission to one of them."""

from __future__ import annotations

import contextlib
import importlib
import io
import tempfile
import threading
import traceback
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from autograder import __version__
from autograder.assignment.config import BUILT, Assignment, load
from autograder.assignment.provenance import provenance, suite_files
from autograder.classroom.book import records
from autograder.errors import KitError
from autograder.formats.whole_files import as_json
from autograder.grading.grade import Grader
from autograder.grading.pool import AHEAD, ENDED, Job, our_fault
from autograder.grading.report import Report
from autograder.submission.reading import Parcel

distributed: Any
try:
    distributed = importlib.import_module("distributed")
except ImportError:  # the extra [cluster] is not installed
    distributed = None

SUITE = "autograder-suite"
SECONDS = 60  # to wait for the scheduler, and for its first worker


@dataclass(frozen=True)
class Errand:
    """A job as it travels."""

    parcel: Parcel
    questions: tuple[str, ...]
    seed: int


class Cluster:
    """The workers of a Dask scheduler. The same as a pool for who hands out jobs."""

    def __init__(self, assignment: Assignment, address: str) -> None:
        self._assignment, self._address = assignment, address
        self._name = f"{SUITE}-{uuid.uuid4().hex}"  # several may grade on the same workers
        if distributed is None:
            raise KitError("--scheduler", "the package distributed is not installed",
                           "run `python -m pip install -c constraints.txt -e '.[cluster]'`")  # fmt: skip

    def __enter__(self) -> Cluster:
        try:
            self._client = distributed.Client(self._address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError as well
            raise KitError(f"--scheduler {self._address}", f"no scheduler answers: {error}",
                           "start one with `dask scheduler`") from None  # fmt: skip
        try:
            self._client.wait_for_workers(1, timeout=SECONDS)
            plugin = SuitePlugin(packed_suite(self._assignment))
            self._client.register_plugin(plugin, name=self._name)
        except RuntimeError as error:  # what a worker's `setup` raises
            self._client.close()
            raise KitError(f"--scheduler {self._address}", f"a worker cannot grade: {error}",
                           "install the same version of the kit there") from None  # fmt: skip
        except TimeoutError:
            self._client.close()
            raise KitError(f"--scheduler {self._address}", "it has no workers",
                           "start some with `dask worker ADDRESS --nthreads 1`") from None  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.unregister_worker_plugin(self._name)  # no hidden test stays there
        self._client.close()  # what is under way there is given up

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        """Yield every job with its report, as they get done. Jobs are taken as they are needed.

        Dask hands the work of a worker that is gone to another one. What ends several workers, one
        after the other, is our fault, and costs no other submission.
        """
        running: dict[Any, Job] = {}
        waiting = iter(jobs)
        done = distributed.as_completed(loop=self._client.loop)
        while True:
            while len(running) < self._window and (job := next(waiting, None)):
                # Of the same submission, other questions may be asked for a second time.
                key = "-".join(["grade", job.name, *job.questions])
                future = self._client.submit(_grade, self._name, packed(job), key=key, pure=False)
                running[future] = job
                done.add(future)
            if not running:
                return
            future = next(done)
            job = running.pop(future)
            yield job, self._report(future, job)

    @property
    def _window(self) -> int:
        """How many jobs are handed out: workers may come and go."""
        threads: int = sum(self._client.nthreads().values())
        return AHEAD * max(threads, 1)

    def _report(self, future: Any, job: Job) -> Report:
        error = future.exception()
        if error is None:
            return records.report_of(future.result())
        if isinstance(error, KitError):
            raise error
        if isinstance(error, distributed.KilledWorker):
            return our_fault(job, self._assignment, f"{ENDED}\n{error}")
        details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return our_fault(job, self._assignment, details)


def packed(job: Job) -> bytes:
    """Return a job as it travels to the worker that grades it."""
    assert isinstance(job.submission, Parcel)
    return msgspec.msgpack.encode(Errand(job.submission, tuple(job.questions), job.seed))


def packed_suite(assignment: Assignment) -> bytes:
    """Return what a worker grades with, as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in suite_files(assignment).items():
            archive.write(path, name)
        archive.writestr(BUILT, as_json(provenance(assignment)))
    return packed.getvalue()


Plugin: Any = distributed.WorkerPlugin if distributed else object


class SuitePlugin(Plugin):  # type: ignore[misc]  # Dask may be absent
    """Holds the suite of a worker, in a folder of its own, and a warm grader for it."""

    def __init__(self, suite: bytes) -> None:
        self._suite, self._version = suite, __version__
        self._problem = ""

    def setup(self, worker: Any) -> None:
        """Unpack the suite. Called once in every worker, also in those that come later."""
        try:
            self._set_up(worker)
        except Exception as error:
            self._problem = (
                f"{worker.address}: {error}"  # Dask goes on with a worker that came late
            )
            raise RuntimeError(self._problem) from None

    def _set_up(self, worker: Any) -> None:
        if self._version != __version__:
            raise RuntimeError(f"it has autograder {__version__}, not {self._version}")
        self._folder = tempfile.TemporaryDirectory(
            prefix="suite-", dir=worker.local_directory, ignore_cleanup_errors=True
        )
        root = Path(self._folder.name).resolve()
        root.chmod(0o700)
        with zipfile.ZipFile(io.BytesIO(self._suite)) as archive:
            archive.extractall(root)
        self._assignment = load(root)
        self._grader: Grader | None = None
        self._one_at_a_time = threading.Lock()

    def teardown(self, worker: Any) -> None:
        """Remove the suite, with the worker's end."""
        if self._problem:
            return
        if self._grader is not None:
            self._grader.__exit__()
        self._folder.cleanup()

    def grade(self, errand: Errand) -> Report:
        """Grade one submission; a second thread of the same worker waits."""
        if self._problem:
            raise KitError("--scheduler", f"a worker cannot grade: {self._problem}",
                           "mend or stop it, and give the same command again")  # fmt: skip
        with self._one_at_a_time:
            if self._grader is None:
                self._grader = Grader(self._assignment)
            return self._grader.grade(errand.parcel, errand.questions, errand.seed)


def _grade(plugin_name: str, packed: bytes) -> bytes:
    """Grade in a worker. What comes in and what goes out is bytes."""
    plugin = distributed.get_worker().plugins[plugin_name]
    errand = msgspec.msgpack.decode(packed, type=Errand)
    return records.as_bytes(plugin.grade(errand))
