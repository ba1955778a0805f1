"""A fork server that is forked by its grader: what it and its workers hold, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.isolation.forking.early import Forked
from autograder.isolation.forking.forks import ForkServer
from autograder.isolation.forking.users import USERS
from kit.bench.processes import family
from kit.workbench import ROOT, wait_for

linux = pytest.mark.skipif(sys.platform != "linux", reason="it is forked on Linux only")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another process's memory")
SECRET = "a token that the environment has"
LOOPING = "def patchify(images, n_patches):\n    while True:\n        pass\n"


@linux
@root
@pytest.mark.parametrize("verb", ["grade", "batch"])
def test_nothing_of_the_graders_environment_is_in_a_worker(tmp_path, verb):
    """A fork has all that its parent has. So the parent must not have it yet when it forks."""
    handed_in = tmp_path / "class" / "ann"
    handed_in.mkdir(parents=True)
    (handed_in / "vit.py").write_text(LOOPING)
    arguments = {"grade": [handed_in], "batch": [tmp_path / "class", "--out", tmp_path / "out"]}
    command = [sys.executable, "-m", "autograder", verb, *map(str, arguments[verb]), "--only", "q1"]
    environment = {**os.environ, "A_TOKEN": SECRET}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as program:  # fmt: skip
        try:
            wait_for(lambda: looping(program.pid))
            worker = looping(program.pid)[0]
            server = parent_of(worker)
            grader = parent_of(server)
            assert holds(grader, SECRET)  # so it can be found where it is
            assert not holds(worker, SECRET)
            assert not holds(server, SECRET)
            # They were forked of it, not started: so its command line is theirs.
            commands = {
                Path(f"/proc/{one}/cmdline").read_bytes() for one in (grader, server, worker)
            }
            assert len(commands) == 1
        finally:
            program.send_signal(signal.SIGINT)
            program.send_signal(signal.SIGINT)


def looping(pid: int) -> list[int]:
    """Return the worker in the loop: the one that has used the processor for a while."""
    pids = [one.pid for one in family(pid)]
    return [one for one in pids if is_worker(one) and seconds_used(one) > 0.5]


def is_worker(pid: int) -> bool:
    """Whether a process runs as an id that workers have to themselves."""
    found = re.search(r"^Uid:\s+(\d+)", status(pid), flags=re.M)
    return bool(found) and int(found[1]) in USERS


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return ""


def parent_of(pid: int) -> int:
    found = re.search(r"^PPid:\s+(\d+)$", status(pid), flags=re.M)
    return int(found[1]) if found else 0


def seconds_used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def holds(pid: int, text: str) -> bool:
    """Whether a text is anywhere in the memory that a process can write."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            first, last = (int(end, 16) for end in place.split("-"))
            memory.seek(first)
            try:
                if text.encode() in memory.read(last - first):
                    return True
            except OSError:  # a part that nobody can read
                continue
    return False


@pytest.fixture
def forked():
    """A process that waits until its socket is closed, as a fork server does."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        theirs.recv(1)
        os._exit(3)
    theirs.close()
    one = Forked(pid, ours)
    yield one
    ours.close()
    one.kill()
    one.wait()


@linux
def test_a_forked_process_tells_its_end_as_a_started_one_does(forked):
    assert forked.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        forked.wait(timeout=0.05)
    forked.control.close()
    assert forked.wait() == 3
    assert forked.poll() == 3
    forked.kill()  # of what has ended nothing is left to kill


@linux
def test_a_forked_process_can_be_killed(forked):
    forked.kill()
    assert forked.wait() == -signal.SIGKILL


def test_a_fork_server_that_is_not_ready_is_not_waited_for(monkeypatch):
    """It may import for seconds yet, and whoever interrupts a grading waits for its report."""
    monkeypatch.setattr(ForkServer, "program", ("-c", "import time; time.sleep(10**6)"))
    server, limits = ForkServer(), []
    wait = subprocess.Popen.wait
    monkeypatch.setattr(
        subprocess.Popen, "wait", lambda self, timeout=None: limits.append(timeout) or wait(self)
    )
    server.close()
    assert limits == [None]


@linux
def test_a_program_that_starts_over_has_its_arguments_folder_and_environment(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "solution", "--only", "q1", "--seed", "7",
         "--json", str(tmp_path / "results.json")],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "seed 7" in told.stdout
    assert "Traceback" not in told.stderr
    assert (tmp_path / "results.json").exists()
    assert not list(tmp_path.glob("submission-*"))
