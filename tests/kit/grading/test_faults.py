"""Faults of our own side: whatever is killed, full or missing, the results say what happened."""

import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from autograder.assignment.config import load
from autograder.cli import terminal
from autograder.errors import KitError
from autograder.formats import gradescope, whole_files
from autograder.formats.text import show
from autograder.grading import suite
from autograder.grading.grade import Grader
from autograder.grading.report import not_run
from checks.running.local import LocalTransport
from kit.workbench import FAST, PATIENCE, ROOT, proof, wait_for

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
EVERY = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]


def grading(path, results, *more):
    """Start `autograder grade` as a process."""
    command = [sys.executable, "-m", "autograder", "grade", path, "--json", results, *more]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read(results):
    """Return the results there are. They must be valid at every moment."""
    content = json.loads(results.read_text())
    assert content["tests"]
    assert content["score"] <= 100
    return content


def until(results, holds):
    """Read the results until something holds for them."""
    wait_for(lambda: results.exists() and holds(read(results)))


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- whose fault it is -----------------------------------------------------------------------

BROKEN = """

def test_breaks_before_any_data(vit):
    \"\"\"Ours.\"\"\"
    raise {error}


def test_breaks_with_data(vit):
    \"\"\"Theirs.\"\"\"
    vit.get_positional_embeddings(2, 4)
    raise {error}
"""


@pytest.fixture
def broken(copied, grader_of, assignment):
    """broken("ValueError()") is the report on the solution, with two tests that raise this."""

    def grade(error):
        path = copied.tests / "hidden" / "test_q2_positions.py"
        before = path.read_text()
        path.write_text(before + BROKEN.format(error=error))
        report = grader_of(load(copied.root)).grade(assignment.solution, ["q2"])
        path.write_text(before)
        return {outcome.title: outcome for outcome in report.questions[0].outcomes}

    return grade


@pytest.mark.parametrize("error", ["ValueError('x')", "AssertionError", "RecursionError"])
def test_what_breaks_a_test_with_data_of_a_worker_is_the_students(broken, error):
    outcomes = broken(error)
    ours, theirs = outcomes["Ours."], outcomes["Theirs."]
    assert ours.verdict.value == "our fault"
    assert theirs.verdict.value == "failed"
    assert theirs.share == 0
    assert theirs.message == (
        "What came back from get_positional_embeddings(2, 4) is not what the contract says, and "
        "cannot be judged."
    )
    assert "in test_breaks_with_data" in theirs.details
    assert error.split("(")[0] in theirs.details


def test_what_the_machine_does_is_our_fault_whatever_was_sent(broken):
    found = broken("OSError('disk full')")
    assert {found[title].verdict.value for title in ("Ours.", "Theirs.")} == {"our fault"}


def test_memory_that_what_was_sent_took_is_no_fault_of_ours(broken):
    found = broken("MemoryError")
    assert [found[title].verdict.value for title in ("Ours.", "Theirs.")] == ["our fault", "failed"]


def test_at_home_an_error_of_ours_stays_ours(assignment):
    transport = LocalTransport({"vit": assignment.solution / "vit.py"})
    transport.module("vit").get_positional_embeddings(2, 4)
    error = AttributeError("of ours")
    assert transport.student_error(error) is error


@pytest.mark.parametrize(
    "request_", ["NewTest", "StandIn", "Load", "AskLeftOut", "AskRefused", "Call", "Measure"]
)
def test_a_worker_cannot_say_that_it_was_our_fault(grader, submission, assignment, request_):
    """Once a student's code may run in it, who says so cannot be known."""
    attack = (
        "\n\nimport sys\nfrom autograder.isolation.worker import wire\nframe = sys._getframe()\n"
        "while not hasattr(frame.f_locals.get('self'), 'channel'):\n    frame = frame.f_back\n"
        "server = type(frame.f_locals['self'])\nhonest = server._answer\n"
        "server._answer = lambda self, request, *rest: (\n"
        f"    wire.Broken('disk full') if type(request).__name__ == {request_!r}\n"
        "    else honest(self, request, *rest))\n"
    )
    vit = (assignment.solution / "vit.py").read_text() + attack
    if request_ == "Load":
        vit += "frame.f_locals['self'].channel.send_reply(wire.Broken('disk full'), {})\n"
    report = grader.grade(submission(vit=vit), ["q4"])
    assert not report.our_fault, [o.details for o in report.questions[0].outcomes]


# --- kills -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=proof) for n in range(1, 6))])
def test_workers_and_fork_servers_killed_at_random_cost_nobody_a_mark_in_silence(assignment, seed):
    chance = random.Random(seed)
    with Grader(assignment) as grader:
        grader.grade(assignment.solution, ["q2"])
        server = grader._server
        over = threading.Event()

        def kill():
            for _ in range(3):
                if over.wait(chance.uniform(0.05, 1.0)):
                    return
                pid = server._process.pid
                try:
                    victims = [pid] if chance.random() < 0.4 else children(pid)
                    for victim in victims:
                        os.kill(victim, signal.SIGKILL)
                except OSError:  # it has just ended by itself
                    continue

        killer = threading.Thread(target=kill)
        killer.start()
        report = grader.grade(assignment.solution, FAST, seed)
        over.set()
        killer.join()
        assert report.max_points == 95
        outcomes = {o.test: o for question in report.questions for o in question.outcomes}
        for outcome in outcomes.values():
            cause = outcome
            while not_reached := re.fullmatch(r"Not reached: (.+) fails first\.", cause.message):
                cause = outcomes[not_reached[1]]
            told = cause.verdict.value == "our fault" or "SIGKILL" in cause.message
            assert outcome.share == 1 or told, (outcome, cause)
        # Whatever was killed, the next grading is as good as any.
        assert grader.grade(assignment.solution, FAST, seed).points == 95


def test_a_killed_worker_is_asked_again(grader, submission, edited, tmp_path):
    """Who killed it cannot be known: perhaps the machine. A second time counts."""
    vit = edited("vit", "    B, C, H, W = images.shape\n", "    B, C, H, W = images.shape\n"
                 "    import os\n    if C > 1: os.kill(os.getpid(), 9)\n")  # fmt: skip
    report = grader.grade(submission(vit=vit), ["q1", "q2"])
    assert [question.points for question in report.questions] == [13, 15]
    lost = [o.message for o in report.questions[0].outcomes if o.share < 1]
    assert "was ended by the signal SIGKILL" in lost[0]
    assert set(lost[1:]) == {"Not reached: q1.2 fails first."}


SLIP = "These are exactly the numbers that come out if the base is 1000 instead of 10000."


@pytest.fixture
def off(submission, edited):
    """A submission whose q2 is told a mistake by name."""
    return submission(vit=edited("vit", "10000 **", "1000 **"))


def has_q2(content):
    """Whether q2 is judged: all that comes before q4 is, or nearly."""
    told = content["extra_data"]["questions"]
    return told["q2"]["verdict"] == "partly" and told["q3"]["points"] > 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_grading_keeps_and_tells_what_it_has(tmp_path, off, how):
    results = tmp_path / "results.json"
    process = grading(off, results, "--seed", 1)
    until(results, has_q2)
    process.send_signal(how)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, printed
    assert printed.lstrip().startswith("The grading did not come to its end.")
    assert SLIP in printed
    assert re.search(r"q2 +Positional embeddings +partly ", printed)
    assert re.search(r"^q7  Not run: .* no fault of yours\.$", printed, flags=re.M)
    assert "Traceback" not in printed
    content = read(results)
    assert 25 <= content["score"] < 91
    assert "did not come to its end" in content["output"]
    assert any(SLIP in row["output"] for row in content["tests"])
    rest = [row for row in content["tests"] if row["output"].startswith("Not run: ")]
    assert {row["number"].split(".")[0] for row in rest} >= {"7"}
    assert all(row["status"] == "failed" and row["score"] == 0 for row in rest)
    assert "not run" not in content["extra_data"].get("details", "")
    assert set(content["extra_data"]["questions"]) == set(EVERY)


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.3])
def test_interrupted_once_more_it_ends_at_once_and_clean(tmp_path, off, monkeypatch, pause):
    """Whatever the second one meets: closing, writing, printing, or Python's own end."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    results = tmp_path / "results.json"
    process = grading(off, results, "--seed", 1)
    until(results, has_q2)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, printed
    assert "Traceback" not in printed
    assert any(SLIP in row["output"] for row in read(results)["tests"])
    assert list(place.iterdir()) == []


def test_an_interrupt_while_files_are_removed_leaves_none(grader, off, monkeypatch, tmp_path):
    """The second Ctrl-C often comes just then."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    remove = shutil.rmtree

    def interrupted(path, *how, **more):
        monkeypatch.setattr(shutil, "rmtree", remove)
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grader.grade(off, ["q2"])
    assert list(tmp_path.glob("submission-*")) == []


def told(report):
    """Return a report as `autograder grade` prints it."""
    console = Console(file=io.StringIO(), width=200)
    show(report, console)
    return console.file.getvalue()


def test_a_grader_that_fails_half_way_tells_what_it_has(grader, off, capfd):
    def fail(outcome):
        if outcome.test == "q3.2":
            raise ZeroDivisionError("of ours")

    report = grader.grade(off, FAST, seed=1, on_outcome=fail)
    assert report.interrupted
    verdicts = [question.verdict.value for question in report.questions]
    assert verdicts == ["passed", "partly", *["our fault"] * 4]
    text = told(report)
    assert SLIP in text
    assert "q4  Not run: the grading was stopped before this check." in text
    assert "What failed on our side:" in text
    assert "ZeroDivisionError: of ours" in text
    assert capfd.readouterr().err == ""


def test_a_failed_grader_ends_as_an_interrupted_one(autograder, monkeypatch, off, tmp_path):
    @contextlib.contextmanager
    def failing(assignment, questions):
        def fail(outcome):
            if outcome.question == "q3":
                raise ZeroDivisionError("of ours")

        yield None, fail

    monkeypatch.setattr(terminal, "shown_progress", failing)
    ended = autograder("grade", off, "--only", "q2,q3", "--seed", 1, "--json", tmp_path / "r.json")
    assert ended.returncode == 130
    assert SLIP in ended.stdout
    assert "Traceback" not in ended.stderr
    assert read(tmp_path / "r.json")["extra_data"]["questions"]["q2"]["verdict"] == "partly"


def test_interrupted_while_tests_are_collected_nothing_is_held_against_anybody(
    grader, assignment, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(suite.Grading, "pytest_collection_finish", interrupt)
    report = grader.grade(assignment.solution, ["q1", "q2"])
    assert report.interrupted
    text = told(report)
    for name in ("q1", "q2"):
        assert f"{name}  Not run: the grading was stopped before this check." in text
    assert "The grader failed here" not in text


def test_interrupted_outside_of_the_tests_once_is_a_report_and_twice_the_end(
    grader, assignment, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    def twice(kit, grading, *_):
        grading.pytest_keyboard_interrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "run", interrupt)
    assert grader.grade(assignment.solution, ["q1"]).interrupted
    monkeypatch.setattr(suite, "run", twice)
    with pytest.raises(KeyboardInterrupt):
        grader.grade(assignment.solution, ["q1"])


def test_a_killed_grader_leaves_results_and_nothing_running(tmp_path):
    results = tmp_path / "results.json"
    process = grading("solution", results)
    until(results, lambda content: content["score"] >= 15)
    server = children(process.pid)
    process.kill()
    process.communicate()
    content = read(results)
    assert 15 <= content["score"] < 100
    assert sum(row["max_score"] for row in content["tests"]) == pytest.approx(100, abs=1e-9)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in server))


def test_results_are_valid_at_every_moment(tmp_path):
    results = tmp_path / "results.json"
    process = grading("solution", results, "--only", "q1,q2,q3,q4")
    scores = set()
    while process.poll() is None:
        if results.exists():
            scores.add(read(results)["score"])
        time.sleep(0.005)
    process.communicate()
    assert process.returncode == 0
    assert read(results)["score"] == 70
    assert {0, 70} <= scores | {70}
    assert any(0 < score < 70 for score in scores)


# --- disks and files -------------------------------------------------------------------------


@root
def test_a_full_disk_costs_no_results_that_there_were(tmp_path, assignment, grader, monkeypatch):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    try:
        path = tmp_path / "results.json"
        whole_files.write_json(gradescope.results(not_run(assignment, EVERY, 1)), path)
        with (
            pytest.raises(OSError, match="No space left"),
            (tmp_path / "filler").open("wb") as file,
        ):
            file.write(bytes(1 << 20))
        with pytest.raises(KitError, match="cannot be written: No space left on device"):
            whole_files.write_json(gradescope.results(not_run(assignment, EVERY, 2)), path)
        assert read(path)["extra_data"]["seed"] == 1
        process = grading("solution", path, "--only", "q1")
        printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 2
        assert "No space left on device" in printed
        assert read(path)["extra_data"]["seed"] == 1
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with pytest.raises(KitError, match="No space left on device") as raised:
            grader.grade(assignment.solution, ["q1"])
        assert "set TMPDIR to another folder" in str(raised.value)
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.mark.parametrize("place", ["no/such/folder/results.json", ".", "file/results.json"])
def test_a_place_that_cannot_be_written_is_told_before_the_grading(autograder, tmp_path, place):
    (tmp_path / "file").write_text("")
    told = autograder("grade", "solution", "--json", tmp_path / place)
    assert told.returncode == 2
    assert "cannot be written" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_missing_solution_or_student_folder_is_told(autograder, copied):
    shutil.rmtree(copied.solution)
    told = autograder("grade", copied.student, cwd=copied.root)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert "digits.py" in told.stderr


def test_a_fork_server_that_cannot_start_is_told(assignment, monkeypatch, capfd):
    from autograder.isolation.forking.forks import ForkServer

    monkeypatch.setattr(ForkServer, "program", ("-c", "raise SystemExit('no torch here')"))
    with Grader(assignment) as grader, pytest.raises(KitError, match="has ended 3 times"):
        grader.grade(assignment.solution, ["q1"])
    assert "no torch here" in capfd.readouterr().err
