"""`python -m checks watch`: whatever is saved is judged anew, and nothing of it stays for later runs."""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import time

import psutil
import pytest

from kit.student.own_copy import all_pass, handed_out, solve
from kit.workbench import PATIENCE, wait_for

WAITING = "waiting for a change"
FIRST_LINE = "    B, C, H, W = images.shape\n"  # of patchify
HANG = """\
    open("it hangs", "w")
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
WITHOUT_FORK = "import os, sys; del os.fork; from checks.__main__ import main; sys.exit(main())"


@pytest.fixture
def handout(tmp_path, assignment):
    folder = handed_out(assignment, tmp_path)
    solve(folder, assignment)
    return folder


class Watching:
    """A watch in a session of its own, as in a terminal: Ctrl-C reaches all its processes."""

    def __init__(self, handout, *arguments, start=("-m", "checks"), **variables):
        self.handout = handout
        self.process = subprocess.Popen(
            [sys.executable, "-u", *start, "watch", *arguments],
            cwd=handout,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def says(self, timeout=PATIENCE):
        """Whether there is something to read."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            return bool(waiting.select(timeout))

    def until(self, wanted):
        """Read lines until one holds this."""
        seen = [""]
        while wanted not in seen[-1] and self.says():
            seen.append(self.process.stdout.readline().decode())
            if not seen[-1]:
                break
        assert wanted in seen[-1], "".join(seen)
        return "".join(seen)

    def save(self, name="vit.py", old="", new="", until=WAITING):
        """Save a file with a place of it changed, until that is seen; return what is said."""
        path = self.handout / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        end = time.monotonic() + PATIENCE
        while not self.says(1.0):  # that the watch has begun, nobody says
            assert time.monotonic() < end
            path.touch()
        return self.until(until)

    def hang(self):
        """Save a file that hangs and will not be interrupted, and wait until it does."""
        self.save(old=FIRST_LINE, new=HANG + FIRST_LINE, until="vit.py saved")
        wait_for((self.handout / "it hangs").exists)

    def interrupt(self, times=1):
        """Press Ctrl-C; return what is said then, after all processes are gone."""
        for _ in range(times):
            os.killpg(self.process.pid, signal.SIGINT)
        said = self.process.communicate(timeout=PATIENCE)[0].decode()
        assert self.process.returncode == 0, said
        assert "Traceback" not in said
        assert self.is_over()
        return said

    def is_over(self):
        """Whether nothing of its session lives. An orphan that has ended stays until init looks."""
        return not any(map(self._lives, psutil.process_iter()))

    def _lives(self, process):
        try:
            is_of_it = os.getsid(process.pid) == self.process.pid
            return is_of_it and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False


def test_every_save_is_judged_anew_and_nothing_stays(handout):
    with Watching(handout, "q1") as watching:
        assert all_pass(watching.until(WAITING))
        with_helper = "    def helper(): return images.shape\n    B, C, H, W = helper()\n"
        globally = "def helper(images): return images.shape\n\n\ndef patchify("
        watching.save(old="def patchify(", new=globally)
        right = watching.save(old="= images.shape", new="= helper(images)")
        assert "vit.py saved" in right
        assert all_pass(right)
        gone = watching.save(old="def helper(images): return images.shape\n", new="")
        assert "NameError: name 'helper' is not defined" in gone
        again = watching.save(old="    B, C, H, W = helper(images)\n", new=with_helper)
        assert all_pass(again)
        slip = watching.save(old="permute(0, 2, 4, 1, 3, 5)", new="permute(0, 4, 2, 1, 3, 5)")
        assert "the patches run down the columns first." in slip


def test_train_py_is_judged_anew_as_well(handout):
    with Watching(handout, "q6") as watching:
        assert all_pass(watching.until(WAITING))
        assert "FAIL" in watching.save("train.py", "return correct / seen", "return correct")
        assert all_pass(watching.save("train.py", "return correct", "return correct / seen"))


def test_a_file_that_an_editor_puts_in_its_place_is_seen(handout):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        watching.save()  # the watch has begun
        (handout / "vit.py.new").write_text("")
        (handout / "vit.py.new").replace(handout / "vit.py")
        assert "vit.py is empty" in watching.until(WAITING)


@pytest.mark.parametrize("options", [("-x",), ("--color=yes", "-v"), ("--lff",)])
def test_it_says_what_pytest_says(handout, options):
    text = (handout / "vit.py").read_text()
    (handout / "vit.py").write_text(text.replace(FIRST_LINE, FIRST_LINE + "    images = -images\n"))
    command = [sys.executable, "-m", "pytest", handout, "-k", "q1", *options]
    alone = subprocess.run(command, cwd=handout, capture_output=True, timeout=PATIENCE)
    printed = (alone.stdout + alone.stderr).decode()
    with Watching(handout, "q1", *options) as watching:
        said = watching.until(WAITING).rsplit(WAITING, 1)[0]
    assert re.sub(r"in [\d.]+s", "", said) == re.sub(r"in [\d.]+s", "", printed)


def test_computing_with_several_threads_does_not_hang_in_a_fork(handout):
    large = f"    torch.set_num_threads(2); torch.ones(10**7).exp().sum()\n{FIRST_LINE}"
    with Watching(handout, "q1", OMP_NUM_THREADS="2") as watching:
        watching.until(WAITING)
        assert all_pass(watching.save(old=FIRST_LINE, new=large))
        assert all_pass(watching.save())


def test_a_save_stops_the_run_that_goes_on(handout):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        watching.hang()
        said = watching.save(old=HANG)
        assert "the run before was stopped" in said
        assert all_pass(said)


def test_a_time_limit_holds_in_a_fork(handout):
    with Watching(handout, "q1", "--timeout", "3", "-x") as watching:
        watching.until(WAITING)
        said = watching.save(old=FIRST_LINE, new="    while True: pass\n")
        assert "Stopped at the limit of 3 s: your code ran too long." in said


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("os._exit(0)", "the code ended the run before its verdict, with status 0"),
        ("os.abort()", "SIGABRT ended the run before its verdict"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV ended the run before its verdict"),
    ],
)
def test_code_that_ends_its_process_does_not_end_the_watch(handout, call, told):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        assert told in watching.save(old=FIRST_LINE, new=f"    import os; {call}\n{FIRST_LINE}")
        again = watching.save(old=f"    import os; {call}\n", new="")
        assert all_pass(again)


def test_checks_that_changed_on_disk_are_loaded_anew(handout):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        words = handout / "checks" / "telling" / "summary.py"
        words.write_text(
            words.read_text().replace("visible checks pass", "checks that you see pass")
        )
        said = watching.save()
        assert "summary.py changed: everything is loaded anew" in said
        assert "checks that you see pass" in said
        assert "loaded anew" not in watching.save()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_it_waits(handout, times):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        assert watching.interrupt(times) == ""


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_during_a_run_that_hangs(handout, times):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        watching.hang()
        watching.interrupt(times)


def test_a_watch_that_is_killed_leaves_nothing_behind(handout):
    with Watching(handout, "q1") as watching:
        watching.until(WAITING)
        watching.hang()
        watching.process.kill()
        watching.process.wait()
        wait_for(watching.is_over)


def test_without_fork_each_run_has_a_process(handout):
    with Watching(handout, "q1", start=("-c", WITHOUT_FORK)) as watching:
        assert all_pass(watching.until(WAITING))
        said = watching.save(old="permute(0, 2, 4, 1, 3, 5)", new="permute(0, 4, 2, 1, 3, 5)")
        assert "the patches run down the columns first." in said
        assert "Traceback" not in watching.interrupt()


def test_without_watchfiles_the_remedy_is_told(handout):
    (handout / "watchfiles.py").write_text("raise ImportError")
    with Watching(handout) as watching:
        watching.until("This needs watchfiles: python -m pip install watchfiles")
        assert watching.process.wait(timeout=PATIENCE) == 2
