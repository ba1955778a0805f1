"""Measure a class on a Dask cluster of 1, 2 and 4 worker processes, and what travels.

PYTHONPATH=tests .venv/bin/python -m kit.bench.a_cluster --students 24
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import distributed
import typer

from autograder.assignment.config import Assignment
from autograder.classroom.book import records
from autograder.classroom.grading.cluster import Cluster, packed, packed_suite
from autograder.grading.pool import Job
from autograder.submission.reading import read
from kit.bench.a_class import kit_without_training, students

WORKERS = (1, 2, 4)


def main(count: int = typer.Option(24, "--students", min=2)) -> None:
    """Print seconds a submission, the efficiency beside one worker, and bytes that travel."""
    with kit_without_training() as (kit, place):
        jobs = list(_jobs(kit, students(kit, place / "class", count)))
        print(f"the suite, once to each worker: {len(packed_suite(kit)) / 1e3:.0f} kB")
        there = sum(len(packed(job)) for job in jobs) / count
        alone = 0.0
        for workers in WORKERS:
            seconds, back = _graded(kit, jobs, workers)
            alone = alone or seconds
            # More workers than cores share these.
            most = min(workers, os.cpu_count() or 1)
            print(
                f"{workers} workers: {seconds / count:.2f} s a submission, efficiency "
                f"{alone / seconds / most:.2f} of {most} cores; {there / 1e3:.1f} kB there and "
                f"{back / count / 1e3:.1f} kB back a submission",
                flush=True,
            )


def _jobs(kit: Assignment, folder: Path) -> Iterator[Job]:
    for path in sorted(folder.iterdir()):
        yield Job(path.name, read(path, kit), tuple(kit.questions), 1)


def _graded(kit: Assignment, jobs: list[Job], workers: int) -> tuple[float, int]:
    """Grade on so many workers that are warm; return the seconds, and the bytes of all reports."""
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as dask,
        Cluster(kit, dask.scheduler_address) as graders,
    ):
        list(graders.grade(jobs[: 2 * workers]))  # each has started its own fork server by then
        started = time.perf_counter()
        reports = [report for _, report in graders.grade(jobs)]
        return time.perf_counter() - started, sum(len(records.as_bytes(r)) for r in reports)


if __name__ == "__main__":
    typer.run(main)
