"""A class on a Dask cluster of real processes, one of which is killed half-way."""

import os
import signal
import socket

import pytest

from autograder.classroom.grading import batch as batches
from autograder.classroom.grading import cluster
from autograder.classroom.grading.batch import Asked
from autograder.classroom.grading.cluster import Cluster
from autograder.errors import KitError
from kit.workbench import ROOT, proof

distributed = pytest.importorskip("distributed", reason="the extra [cluster] is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def workers():
    """Two worker processes; one that is killed is started again."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as running:
        yield running


@pytest.fixture
def students(tmp_path):
    text = (ROOT / "solution" / "vit.py").read_text()
    for number in range(8):
        folder = tmp_path / "in" / f"s{number}"
        folder.mkdir(parents=True)
        wrong = text.replace("10000 **", "1000 **") if number % 2 else text
        (folder / "vit.py").write_text(f"{wrong}\n# {number}\n")
    return tmp_path / "in"


@proof
def test_a_killed_worker_loses_nothing_and_doubles_nothing(workers, students, tmp_path, assignment):
    killed = []

    def kill(done, total, what):
        if done == 2 and not killed:
            with distributed.Client(workers.scheduler_address, set_as_default=False) as client:
                killed.append(min(client.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)

    def go(on_step):
        graders = Cluster(assignment, workers.scheduler_address)
        asked = Asked(("q1", "q2"))
        return batches.run(assignment, students, tmp_path / "out", asked, graders, on_step)

    done = go(kill)
    assert killed
    assert (done.graded, done.kept) == (8, 0)
    rows = done.batch.rows
    assert [row.submission for row in rows] == [f"s{n}" for n in range(8)]
    assert [row.questions["q1"] for row in rows] == [15] * 8
    assert [row.questions["q2"] == 15 for row in rows] == [n % 2 == 0 for n in range(8)]
    assert len(list((tmp_path / "out").glob(".graded/*/*.record"))) == 8
    table = (tmp_path / "out/grades.csv").read_bytes()
    with distributed.Client(workers.scheduler_address, set_as_default=False) as client:
        kept = client.run(
            lambda dask_worker: [n for n in dask_worker.plugins if cluster.SUITE in n]
        )
    assert list(kept.values()) == [[], []]  # no hidden test stays on a worker
    again = go(lambda *_: None)
    assert (again.graded, again.kept) == (0, 8)
    assert (tmp_path / "out/grades.csv").read_bytes() == table


def test_a_worker_that_cannot_grade_is_told(workers, assignment, monkeypatch):
    monkeypatch.setattr(cluster, "__version__", "0.0")
    address = workers.scheduler_address
    with (
        pytest.raises(KitError, match=r"a worker cannot grade: .*it has autograder .*, not 0\.0"),
        Cluster(assignment, address),
    ):
        pass


def test_no_scheduler_is_told(assignment, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(KitError, match="no scheduler answers"), Cluster(assignment, address):
            pass


def test_without_the_package_the_remedy_is_told(assignment, monkeypatch):
    monkeypatch.setattr(cluster, "distributed", None)
    with pytest.raises(KitError, match=r"distributed is not installed\n.*\[cluster\]"):
        Cluster(assignment, "tcp://nowhere:1")
