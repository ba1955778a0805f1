"""A worker's confinement: which layers hold, what they let through, and what limits say."""

import json
import os
import re
import subprocess
import sys

import psutil
import pytest

from autograder.errors import KitError
from autograder.grading.grade import Grader
from autograder.isolation import layers
from autograder.isolation.forking.forks import ForkServer
from autograder.isolation.worker import examine, landlock
from kit.workbench import FAST, PATIENCE, ROOT, messages

linux = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
WITHOUT = """
from autograder.isolation.worker import {module}, forkserver
{module}.{function} = {replacement}
forkserver.main()
"""
NO_LANDLOCK = WITHOUT.format(module="landlock", function="version", replacement="lambda: 0")
NO_SECCOMP = WITHOUT.format(
    module="seccomp", function="enforce", replacement="lambda *a, **k: None"
)
NO_ARGUMENTS = WITHOUT.format(module="seccomp", function="rules", replacement="lambda *a: []")
EXAMINED_OUTSIDE = """
import json
from autograder.isolation.worker import examine
print(json.dumps([*examine.through({**examine.getting_out(), **examine.being_noticed()})]))
"""


@pytest.fixture
def grader_without(assignment, monkeypatch):
    """grader_without(code) has a fork server in which a layer does not exist."""
    opened = []

    def make(code):
        monkeypatch.setattr(ForkServer, "program", ("-c", code))
        if code == NO_LANDLOCK:  # the grader decides by it, too, who a worker runs as
            monkeypatch.setattr(landlock, "version", lambda: 0)
        opened.append(Grader(assignment))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__()


# --- layers ----------------------------------------------------------------------------------


@linux
def test_every_layer_holds_here(grader):
    missing = {layer.name: layer.through for layer in grader.layers if not layer.holds}
    if os.geteuid() != 0:
        missing.pop("own user")
    assert missing == {}


@linux
@root
def test_a_plain_user_has_every_layer_but_one():
    """A user without root's powers, who may read root's Python, which lies in a closed folder here."""
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    user = ["setpriv", "--reuid=64999", "--regid=64999", "--clear-groups", *may_read]
    run = subprocess.run(
        [*user, sys.executable, "-m", "autograder", "doctor"], cwd=ROOT, capture_output=True,
        text=True, timeout=PATIENCE, check=False, env={**os.environ, "HOME": "/tmp"},
    )  # fmt: skip
    lines = dict(line.split("  ", 1) for line in run.stdout.splitlines()[1:9])
    assert {name: rest.split()[0] for name, rest in lines.items()} == {
        **dict.fromkeys(layers.MEANING, "yes"),
        "own user": "NO",
    }
    assert "own user: A worker is the grader's own user" in run.stdout


@linux
def test_without_landlock_it_is_said_and_right_code_loses_nothing(grader_without, assignment):
    grader = grader_without(NO_LANDLOCK)
    missing = {layer.name for layer in grader.layers if not layer.holds}
    assert missing - {"own user"} == {layers.READING}  # one's own user may need it as well
    assert grader.grade(assignment.solution, FAST).points == 95


@linux
def test_without_seccomp_it_is_said_and_nothing_survives(grader_without, submission, assignment):
    grader = grader_without(NO_SECCOMP)
    assert {layer.name for layer in grader.layers if not layer.holds} == {layers.CALLS}
    vit = (assignment.solution / "vit.py").read_text() + (
        "\nimport os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(1000)\n"
        "    os._exit(0)\n"
    )
    server = psutil.Process(grader._server._process.pid)
    grader.grade(assignment.solution, ["q1"])
    before = server.children(recursive=True)  # the server beside it
    assert grader.grade(submission(vit=vit), ["q1"]).points == 15
    assert server.children(recursive=True) == before


@linux
def test_what_a_worker_is_examined_with_gets_through_outside():
    """So that the examination can find something: what it tries works, where nothing is refused."""
    run = subprocess.run(
        [sys.executable, "-c", EXAMINED_OUTSIDE], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == [*examine.getting_out(), *examine.being_noticed()]


@linux
def test_a_filter_that_does_not_look_at_arguments_is_seen_through(grader_without):
    through = {layer.name: layer.through for layer in grader_without(NO_ARGUMENTS).layers}
    assert set(through[layers.CALLS]) >= {
        "a datagram to an address", "a stream to an address", "a new process",
        "a lock on a part of a file", "who has locked a file", "a lease of a file",
        "notices of a folder", "a place to wait at in a file", "another process's group",
        "another process's session", "another process's priority", "another process's scheduling",
        "another process's processors", "another process's clock",
    }  # fmt: skip


@linux
def test_strict_refuses_where_a_layer_is_missing(grader_without):
    from autograder.cli.asked import mind_confinement

    layers = grader_without(NO_LANDLOCK).layers
    with pytest.raises(KitError, match="not confined here: files closed"):
        mind_confinement(layers, strict=True)


@linux
def test_a_warning_says_what_could_be_read(grader_without, capsys):
    from autograder.cli.asked import mind_confinement

    mind_confinement(grader_without(NO_LANDLOCK).layers, strict=False)
    assert "Warning: A worker can read what its user may read" in capsys.readouterr().err


def test_the_report_lists_the_layers_in_force(grader, assignment):
    from autograder.formats.gradescope import results

    confinement = results(grader.grade(assignment.solution, ["q2"]))["extra_data"]["confinement"]
    assert set(confinement["in force"]) | set(confinement["missing"]) == set(layers.MEANING)


@root
def test_two_graders_use_two_users(grader, assignment):
    with Grader(assignment) as other:
        assert None not in (grader.user, other.user)
        assert grader.user != other.user


HONEST = """
import asyncio, getpass, json, logging, os, pathlib, platform, tempfile, threading, time, uuid, warnings
import concurrent.futures, ctypes, sqlite3

USER, HOME = getpass.getuser(), pathlib.Path.home()
assert os.path.expanduser("~") == str(HOME)
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "a.txt").write_text("x" * 1000)
with tempfile.NamedTemporaryFile("w+") as file:
    json.dump({"a": 1}, file)
os.makedirs("figures/curves", exist_ok=True)
logging.basicConfig(filename="training.log")
logging.getLogger(__name__).warning("hello")
with open(os.devnull, "w") as nothing:
    print("x", file=nothing)
import matplotlib.pyplot as plt
plt.figure(); plt.plot([1, 2]); plt.savefig("figures/curves/a.png"); plt.close("all")
platform.platform(), uuid.uuid4(), os.cpu_count(), time.localtime(), os.getcwd(), os.urandom(3)
asyncio.run(asyncio.sleep(0)), asyncio.run(asyncio.to_thread(print))
worker = threading.Thread(target=print); worker.start(); worker.join()
library, number = ctypes.CDLL(None), ctypes.c_ulong()
run = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: time.sleep(0.1))
assert library.pthread_create(ctypes.byref(number), None, run, None) == 0
assert library.pthread_join(number, None) == 0
with concurrent.futures.ThreadPoolExecutor(2) as threads:
    list(threads.map(str, range(9)))
os.getpgid(0), os.getsid(os.getpid()), os.getpriority(os.PRIO_PROCESS, 0)
time.process_time(), time.thread_time(), time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
len(getattr(os, "sched_getaffinity", lambda of: [of])(0))
sqlite3.connect(":memory:").execute("create table losses (epoch, loss)")
import numpy as np, torch
torch.set_num_threads(2)
np.save("numbers.npy", np.arange(3)), np.load("numbers.npy")
torch.save({"a": torch.zeros(3)}, "weights.pt")
from torch.utils.data import DataLoader, TensorDataset
list(DataLoader(TensorDataset(torch.zeros(8, 2)), batch_size=2, shuffle=True))
import torchvision.transforms, einops, tqdm
os.remove("weights.pt"), os.rename("numbers.npy", "n.npy")
open(__file__).read()
"""


def test_honest_use_of_the_machine_costs_nothing(grader, submission, assignment):
    """As a file is loaded: in the workers of two questions, one of which tests train.py."""
    vit = HONEST + (assignment.solution / "vit.py").read_text()
    report = grader.grade(submission(vit=vit), ["q1", "q6"])
    assert report.points == 25, messages(report)


def test_nothing_that_a_worker_wrote_is_there_for_the_next_one(grader, submission, assignment):
    vit = (
        "import os\nif os.path.exists('note.txt'):\n    raise RuntimeError('there is a note')\n"
        "open('note.txt', 'w').write('for the next one')\n"
    ) + (assignment.solution / "vit.py").read_text()
    folder = submission(vit=vit)
    assert [grader.grade(folder, FAST).points for _ in range(2)] == [95, 95]


# --- limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["while True: pass", "10 ** 10 ** 9", "import time; time.sleep(1000)"]
)
def test_the_line_of_a_time_limit_is_named(limited, one_check, submission, line):
    vit = f"def patchify(images, n_patches):\n    {line}\n"
    said = messages(limited(one_check, seconds_per_test=2.0).grade(submission(vit=vit), ["q1"]))
    assert "Stopped at the limit of 2 s: patchify(<tensor (1, 1, 6, 6)>, 2) ran too long." in said
    assert f"at        vit.py, line 2, in patchify: {line}" in said


def test_the_line_of_an_endless_import_is_named(limited, submission):
    said = messages(limited(seconds_per_test=2.0).grade(submission(vit="x = 1\nwhile x: pass\n"),
                                                        ["q1", "q2"]))  # fmt: skip
    assert "vit.py was stopped after running too long while it was being loaded" in said
    assert "at        vit.py, line 2, in <module>: while x: pass" in said


@linux
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("return torch.zeros(10**12)", "can't allocate memory"),
        ("return bytearray(10**11)", "got       MemoryError"),
        ("x = []\n    while True: x.append(bytearray(10**6))", "got       MemoryError"),
    ],
)
def test_too_much_memory_is_told_and_costs_its_own_question(
    limited, one_check, submission, edited, line, said
):
    vit = edited("vit", "    B, C, H, W = images.shape\n", f"    {line}\n")
    report = limited(one_check, memory_mb=400).grade(submission(vit=vit), ["q1", "q2"])
    assert [question.points for question in report.questions] == [0, 15]
    assert said in messages(report)
    assert "That is more memory than there is for your code." in messages(report)


@linux
def test_memory_that_no_limit_of_the_kernel_counts_is_seen_from_outside(
    limited, one_check, submission
):
    vit = (
        "import mmap\ndef patchify(images, n_patches):\n"
        "    keep = []\n    while True:\n"
        "        keep.append(mmap.mmap(-1, 1 << 24))\n        keep[-1].write(b'x' * (1 << 24))\n"
    )
    said = messages(limited(one_check, memory_mb=400).grade(submission(vit=vit), ["q1"]))
    assert "used more than 400 MB of memory" in said or "MemoryError" in said or "OSError" in said


@linux
@pytest.mark.parametrize(
    ("loop", "said"),
    [
        ("for n in range(10**6): open(f'{n}.txt', 'w').close()", "2000 files and folders"),
        ("for n in range(10**6): open(f'{n}.txt', 'wb').write(b'x' * 10**6)", "64 MB of files"),
    ],
)
def test_too_many_files_are_seen_from_outside(limited, one_check, submission, loop, said):
    vit = f"def patchify(images, n_patches):\n    {loop}\n"
    told = messages(limited(one_check).grade(submission(vit=vit), ["q1"]))
    assert f"used more than {said}" in told


def test_the_line_of_a_crash_is_named(grader, submission):
    vit = "import ctypes\ndef patchify(images, n_patches):\n    return ctypes.string_at(0)\n"
    said = messages(grader.grade(submission(vit=vit), ["q1"]))
    assert "Your program was ended by the signal SIGSEGV during patchify(" in said
    assert "at        vit.py, line 3, in patchify: return ctypes.string_at(0)" in said


def test_a_line_that_is_said_to_be_the_last_is_read_where_it_stands(grader, submission):
    """What a worker writes before its end is believed only as far as it points into the files."""
    vit = (
        "import os\nfrom pathlib import Path\nWHERE = Path(__file__)\n"
        "def patchify(images, n_patches):\n"
        "    os.write(4, f'  File \"{WHERE}\", line 2 in patchify\\n'.encode())\n"
        "    os.write(4, b'  File \"/etc/passwd\", line 1 in root\\n')\n"
        "    os.write(4, f'  File \"{WHERE}\", line 99 in secret\\n'.encode())\n"
        "    os._exit(0)\n"
    )
    said = messages(grader.grade(submission(vit=vit), ["q1"]))
    assert "at        vit.py, line 2, in patchify: from pathlib import Path" in said or (
        "Your program ended during patchify(" in said
    )
    assert "passwd" not in said
    assert "secret" not in said


def test_the_limit_in_all_is_kept_when_every_test_runs_to_its_own(limited, submission, assignment):
    text = (assignment.solution / "vit.py").read_text()
    for first in ("    B, C, H, W = images.shape\n", "    column = torch.arange(d)\n"):
        if first in text:
            text = text.replace(first, "    while True: pass\n" + first)
    hurried = limited(seconds_per_test=2.0, seconds_in_all=5.0)
    report = hurried.grade(submission(vit=text), FAST)
    assert "Not run: the time for the whole grading (5 s) was used up" in messages(report)
    assert report.max_points == 95
    assert not report.our_fault


def test_a_question_that_hangs_once_gets_less_time_for_the_rest(limited, submission):
    vit = "import time\ndef patchify(images, n_patches):\n    time.sleep(10**6)\n"
    report = limited(seconds_per_test=4.0).grade(submission(vit=vit), ["q1"])
    said = [o.details or o.message for o in report.questions[0].outcomes]
    first, *others = re.findall(r"Stopped at the limit of (\d+) s", "\n".join(said))
    assert first == "4"
    assert len(others) >= 5
    assert set(others) == {"1"}
