"""Time limits are on a worker's own time: a busy machine costs nobody a mark, and hanging does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.assignment.config import LimitSettings
from autograder.grading.pool import Job, Pool
from autograder.isolation import budget, clock, cores
from autograder.isolation.budget import Budget, Spent
from autograder.isolation.clock import Deadline, OwnTime
from checks.telling.wording import Verdict
from kit.workbench import FAST, messages, with_settings

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how long a thread waits")
CORE = min(os.sched_getaffinity(0)) if sys.platform == "linux" else 0
ON_A_CORE = f"import os, threading, time; os.sched_setaffinity(0, [{CORE}])\n"
SPIN = "end = time.monotonic() + 2\nwhile time.monotonic() < end: sum(range(1000))\n"
THREADS = """
import hashlib
data = b"x" * (1 << 22)
def spin():
    while time.monotonic() < end: hashlib.sha256(data)  # without Python's lock
end = time.monotonic() + 2
threads = [threading.Thread(target=spin) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
"""
BY_TURNS = THREADS.replace(
    "while time.monotonic() < end: hashlib",
    """while time.monotonic() < end:
        time.sleep(0.2)
        for _ in range(3): hashlib""",
)


def process(code):
    return subprocess.Popen([sys.executable, "-c", ON_A_CORE + code])


def used_of_the_core():
    """Return for how many seconds anybody used the core."""
    lines = Path("/proc/stat").read_text().splitlines()
    (ticks,) = (line.split()[1:4] for line in lines if line.startswith(f"cpu{CORE} "))
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def watched(code, beside=0):
    """Return how long a process took by the clock, and how it was seen to use that time."""
    others = [process("while True: pass") for _ in range(beside)]
    began, running = time.monotonic(), process(code)
    own_time = OwnTime(running.pid)
    try:
        while running.poll() is None:
            own_time.look()
            time.sleep(0.02)
    finally:
        for other in others:
            other.kill()
            other.wait()
    return time.monotonic() - began, own_time


def watched_alone(code):
    """Watch a process; skip the test where others needed its core, for whom it had to wait."""
    before = used_of_the_core()
    took, own_time = watched(code)
    if used_of_the_core() - before - own_time._cpu > 0.2 * took:
        pytest.skip("others needed this core")
    return took, own_time


@linux
def test_sleep_is_no_waiting_for_a_processor():
    took, own_time = watched("time.sleep(1)")
    assert took >= 1
    assert own_time.starved < took / 2  # only its start has to wait for one


@linux
def test_a_process_that_shares_its_core_is_seen_to_wait():
    took, own_time = watched(SPIN, beside=3)
    assert own_time.starved > 0.3 * took
    assert own_time.starved < took


@linux
def test_waiting_for_ones_own_threads_is_ones_own_time(monkeypatch):
    told, look = [{}], clock._threads
    monkeypatch.setattr(
        clock, "_threads", lambda pid: told.append(look(pid) or told[-1]) or told[-1]
    )
    took, own_time = watched_alone(THREADS)
    seen = [thread.waited for threads in told for thread in threads.values()]
    waited = max(seen) * clock.NANOSECONDS
    assert waited > 0.5 * took  # each of the eight waited for the other seven
    assert own_time.starved < waited


@linux
def test_sleep_and_threads_by_turns_are_no_waiting_for_a_processor():
    took, own_time = watched_alone(BY_TURNS)
    assert own_time.starved < 0.6 * took


@linux
def test_where_no_waiting_is_told_processor_time_alone_counts(monkeypatch):
    monkeypatch.setattr(clock, "_threads", lambda pid: {})
    took, own_time = watched("time.sleep(2)")
    assert own_time.starved > took / 2


def test_where_nothing_is_told_all_of_the_time_counts(monkeypatch):
    monkeypatch.setattr(clock, "_threads", lambda pid: {})
    monkeypatch.setattr(clock, "cpu_seconds", lambda pid: None)
    _, own_time = watched("time.sleep(0.3)")
    assert own_time.starved == 0


def test_a_deadline_is_put_off_by_what_was_waited_for_up_to_the_wall():
    now = time.monotonic()
    own_time = OwnTime(os.getpid())
    deadline = Deadline(at=now - 1, wall=now + 1000, limit=1.0, own_time=own_time)
    own_time.starved = 5.0
    own_time.look = lambda: None
    assert not deadline.passed()
    assert not deadline.is_of_the_wall
    own_time.starved = 2000.0
    deadline.wall = now - 0.5
    assert deadline.passed()
    assert deadline.is_of_the_wall


# --- what a submission may use in all ----------------------------------------------------------


def hang(spending, question, tests):
    """Spend on a question of which every test hangs, as the transport does."""
    for _ in range(tests):
        spending.begin(question, trains=False)
        if spending.is_wasted or spending.is_used_up:
            continue
        spending.charge(Spent(own=spending.left))
        spending.stopped()


def test_what_hangs_everywhere_ends_within_a_minute():
    spending = Budget(LimitSettings())
    for question, tests in zip(FAST, (12, 8, 14, 9, 15, 7)):
        hang(spending, question, tests)
    assert spending.spent.own <= 60


def test_what_hangs_in_one_question_has_time_for_the_others():
    spending = Budget(LimitSettings())
    hang(spending, "q1", 12)
    for question in FAST[1:]:
        spending.begin(question, trains=False)
        assert spending.seconds >= 5
        assert not spending.is_wasted
    spending.begin("q7", trains=True)
    assert spending.seconds == LimitSettings().seconds_for_training


def test_what_hangs_in_three_questions_has_a_moment_for_each_of_the_others():
    spending = Budget(LimitSettings())
    for question in FAST[:3]:
        hang(spending, question, 12)
    spending.begin("q4", trains=False)
    assert budget.SHORTEST <= spending.seconds <= budget.SHORT
    assert not spending.is_wasted  # it is tried


def test_after_two_stops_a_question_goes_on_with_a_second_for_each_check():
    spending = Budget(LimitSettings())
    given = []
    for _ in range(4):
        spending.begin("q1", trains=False)
        given.append(spending.seconds)
        spending.charge(Spent(own=spending.left))
        spending.stopped()
    assert given == [20, 5, 1, 1]


# --- a machine that is too busy ------------------------------------------------------------------

SLOW = "import time\n\n\ndef patchify(images, n_patches):\n    time.sleep(2)\n"


def test_time_that_the_machine_did_not_give_is_our_fault(limited, submission):
    report = limited(seconds_on_the_clock=1.0).grade(submission(vit=SLOW), ["q1"])
    assert report.too_busy
    assert report.our_fault
    outcomes = report.questions[0].outcomes
    assert {outcome.verdict for outcome in outcomes} == {Verdict.OUR_FAULT}
    assert "the machine was too busy" in outcomes[0].details
    assert "too long" not in messages(report)


def test_what_met_a_busy_machine_is_graded_again_after_the_others(assignment, submission, tmp_path):
    # So much that the quick one ends within it on a busy machine, too.
    hurried = assignment.settings.limits.model_copy(update={"seconds_on_the_clock": 8.0})
    kit = with_settings(assignment, limits=hurried)
    quick = tmp_path / "quick"
    quick.mkdir()
    (quick / "vit.py").write_text("patchify = 1\n")
    asleep = SLOW.replace("sleep(2)", "sleep(60)")
    jobs = [Job("slow", submission(vit=asleep), ["q1"]), Job("quick", quick, ["q1"])]
    with Pool(kit, 1) as pool:
        graded = {job.name: report for job, report in pool.grade(jobs)}
    assert list(graded) == ["quick", "slow"]
    assert graded["slow"].our_fault
    assert not graded["quick"].our_fault


@linux
def test_a_workers_threads_stay_on_one_core(grader, submission):
    vit = (
        "import os, threading\n\n\ndef patchify(images, n_patches):\n    cores = []\n"
        "    def look():\n        cores.append(len(os.sched_getaffinity(0)))\n"
        "    thread = threading.Thread(target=look)\n    thread.start()\n    thread.join()\n"
        "    raise ValueError(f'cores: {cores}')\n"
    )
    assert "cores: [1]" in messages(grader.grade(submission(vit=vit), ["q1"]))


@linux
def test_gradings_that_do_not_know_of_each_other_share_the_cores_evenly(monkeypatch):
    nobodys = [10**6 + os.getpid(), 10**7 + os.getpid()]  # so that no other grading claims them
    monkeypatch.setattr(cores, "_allowed", lambda: nobodys)
    monkeypatch.setattr(cores, "_claims", claims := [])
    try:
        assert [cores.claim_core() for _ in range(5)] == [0, 1, 0, 1, 0]
        claims.pop(1).close()  # one of them has ended
        assert cores.claim_core() == 1
    finally:
        for claim in claims:
            claim.close()
