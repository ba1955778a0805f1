"""Two workers that live at once, as in two gradings of a pool, tell each other nothing."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.worker import wire
from autograder.isolation.workers import Worker
from kit.isolation import two_sides
from kit.workbench import PATIENCE, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")
SOURCE = Path(two_sides.__file__)
REFUSED = ("PermissionError", "OSError", "BlockingIOError")
COMMON = json.__file__  # a file that every worker may read


class Inside:
    """A worker that has loaded this text as a student's."""

    def __init__(self, server, limits, folder, source):
        files = folder / "files"
        files.mkdir(parents=True)
        shutil.copyfile(source, files / "vit.py")
        self.worker = Worker(server, Staged(files, {"vit": "vit.py"}), limits)
        self.module, _ = self.ask(wire.Load("vit", PATIENCE), "import vit")

    def ask(self, request, call):
        return self.worker.ask(request, {}, Deadline.within(PATIENCE), call)

    def call(self, name, *args):
        pack = wire.Packer().pack
        request = wire.Call(self.module, name, pack(args), pack({}))
        value, tensors = self.ask(request, name)
        return wire.unpack(value, tensors, lambda number: number)

    def do(self, name, step, agreed):
        return self.call("do", name, step, agreed)


class Plain:
    """The same text in a process that nothing confines."""

    def __init__(self, folder):
        folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, SOURCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=folder,
        )  # fmt: skip

    def do(self, *question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="module")
def servers():
    both = [ForkServer(), ForkServer()]
    yield both
    for server in both:
        server.close()


@pytest.fixture(scope="module")
def inside(servers, assignment, tmp_path_factory):
    """inside(source) are two workers, of two fork servers, that have loaded it."""
    opened = []

    def open_both(source=SOURCE):
        for number, server in enumerate(servers):
            folder = tmp_path_factory.mktemp(f"worker{number}")
            opened.append(Inside(server, assignment.settings.limits, folder / "kept", source))
        return opened[-2:]

    yield open_both
    for one in opened:
        one.worker.close()


@pytest.fixture(scope="module")
def two_workers(inside):
    return inside()


@pytest.fixture
def two_processes(tmp_path):
    both = [Plain(tmp_path / "one"), Plain(tmp_path / "other")]
    yield both
    for process in both:
        process.close()


@pytest.mark.parametrize("name", two_sides.CHANNELS)
def test_a_worker_sees_nothing_of_what_another_one_does(two_workers, name):
    sender, receiver = two_workers
    agreed = sender.do(name, "prepare", COMMON)
    before = receiver.do(name, "look", agreed)
    did = sender.do(name, "act", agreed)
    assert receiver.do(name, "look", agreed) == before
    # Not by chance: one side was told that it cannot be done, or there is nothing to look at.
    assert {agreed[0], did, str(before)} & {*REFUSED, "FileNotFoundError"}


@pytest.mark.parametrize("name", two_sides.CHANNELS)
def test_a_plain_process_sees_it(two_processes, tmp_path, name):
    """So that the test before can fail."""
    common = tmp_path / "common"
    common.write_text("a file that both may read")
    sender, receiver = two_processes
    agreed = sender.do(name, "prepare", str(common))
    before = receiver.do(name, "look", agreed)
    did = sender.do(name, "act", agreed)
    try:
        if did in REFUSED:
            pytest.skip(f"this machine refuses it to everybody: {did}")
        if name.startswith("/") and before == "FileNotFoundError":
            pytest.skip("this kernel does not tell it")
        wait_for(lambda: receiver.do(name, "look", agreed) != before)
    finally:
        sender.do(name, "undo", agreed)


def test_a_datagram_reaches_nobody_outside(two_workers, two_processes, tmp_path_factory):
    """As a machine's log daemon listens: at a path where everybody may write."""
    folder = tmp_path_factory.mktemp("everybody")
    for path in (folder, folder.parent):
        path.chmod(0o755)
    name = str(folder / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        Path(name).chmod(0o777)
        listener.setblocking(False)
        assert two_workers[0].do("Datagram", "look", [name]) == "PermissionError"
        with pytest.raises(BlockingIOError):
            listener.recv(100)
        assert two_processes[0].do("Datagram", "look", [name]) == 1
        assert listener.recv(100) == b"x"
