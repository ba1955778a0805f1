"""Ways by which one program may tell another something: what one does, and what the other sees of it.

The same text runs in two workers, which must see nothing of each other, and in two plain processes,
which do: `python two_sides.py` answers questions in JSON, one a line.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from autograder.isolation.worker import kernel

CREATE, REMOVE = 0o1600, 0
USER_KEYRING, SEARCH, UNLINK = -4, 10, 9
WAIT, WAKE, MANY = 0, 1, 1 << 20
IN_ACCESS, IN_OPEN = 1, 0x20
kept = {}  # what has to live on between two calls


def text(words):
    return ctypes.create_string_buffer(words.encode())


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


class Channel:
    """A way to tell something. The common file is one that both sides may read."""

    def prepare(self, common):
        """Return what both sides agree upon."""
        return [common]

    def act(self, agreed):
        """Do, on one side, what the other may notice."""

    def look(self, agreed):
        """Return what can be seen on the other side."""

    def undo(self, agreed):
        """Take back what outlives a process."""


# --- files ---------------------------------------------------------------------------------------


class TimesOfAFile(Channel):
    def act(self, agreed):
        os.utime(agreed[0], (1e9, 1e9))

    def look(self, agreed):
        return Path(agreed[0]).stat().st_mtime_ns


class RightsOfAFile(Channel):
    def act(self, agreed):
        Path(agreed[0]).chmod(0o751)

    def look(self, agreed):
        return Path(agreed[0]).stat().st_mode


class MarkOnAFile(Channel):
    def act(self, agreed):
        os.setxattr(agreed[0], "user.note", b"x")

    def look(self, agreed):
        return sorted(os.listxattr(agreed[0]))


class OwnFolder(Channel):
    def prepare(self, common):
        return [str(Path.cwd())]

    def act(self, agreed):
        Path(agreed[0], f"note {random.random()}").write_text("read me")

    def look(self, agreed):
        return names(agreed[0])


class WhereFoldersLie(Channel):
    def prepare(self, common):
        return [str(Path.cwd().parent)]

    def act(self, agreed):
        tempfile.mkdtemp(dir=agreed[0])

    def look(self, agreed):
        return names(agreed[0])


class NoticesOfAFile(Channel):
    def act(self, agreed):
        Path(agreed[0]).read_bytes()

    def look(self, agreed):
        if "watch" not in kept:
            watch = kernel.call("inotify_init1", os.O_NONBLOCK)
            kernel.call("inotify_add_watch", watch, text(agreed[0]), IN_ACCESS | IN_OPEN)
            kept["watch"] = watch
        return len(os.read(kept["watch"], 4096))


class FreeSpace(Channel):
    def act(self, agreed):
        with Path("large").open("wb") as file:
            file.write(random.randbytes(3 << 20))
            os.fsync(file)

    def look(self, agreed):
        free = os.statvfs(Path(agreed[0]).parent)
        return [free.f_bfree, free.f_ffree]


# --- locks ---------------------------------------------------------------------------------------


class LockOnAFile(Channel):
    def act(self, agreed):
        kept["lock"] = os.open(agreed[0], os.O_RDONLY)
        fcntl.flock(kept["lock"], fcntl.LOCK_EX)

    def look(self, agreed):
        with Path(agreed[0]).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def undo(self, agreed):
        os.close(kept.pop("lock"))


class LockOnAPart(Channel):
    def act(self, agreed):
        kept["lock"] = os.open(agreed[0], os.O_RDONLY)
        fcntl.lockf(kept["lock"], fcntl.LOCK_SH)

    def look(self, agreed):
        wanted = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
        with Path(agreed[0]).open("rb") as file:
            return struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, wanted))[4] != 0

    def undo(self, agreed):
        os.close(kept.pop("lock"))


class PlaceInAFile(Channel):
    """Wait at a word of a file; how many were waiting is told to who wakes them."""

    def act(self, agreed):
        place, word = _mapped(agreed[0])

        def wait(seconds):
            with contextlib.suppress(TimeoutError):
                time_out = ctypes.create_string_buffer(struct.pack("qq", seconds, 0))
                kernel.call("futex", place, WAIT, word, time_out)

        wait(0)  # refused, or out of time at once
        threading.Thread(target=wait, args=(600,), daemon=True).start()

    def look(self, agreed):
        return kernel.call("futex", _mapped(agreed[0])[0], WAKE, MANY)


def _mapped(name):
    """Return the address of a file's first word in memory, and the word."""
    with Path(name).open("rb") as file:
        page = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    word = np.frombuffer(page, np.uint32, 1)
    kept.setdefault("pages", []).append(word)
    return word.ctypes.data, int(word[0])


# --- sockets -------------------------------------------------------------------------------------


class AbstractName(Channel):
    def prepare(self, common):
        return [f"\0channel {random.random()}"]

    def act(self, agreed):
        kept["socket"] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        kept["socket"].bind(agreed[0])

    def look(self, agreed):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.connect(agreed[0])


class SocketInAFolder(AbstractName):
    def prepare(self, common):
        return [str(Path.cwd() / f"{random.random()}")]


class Datagram(AbstractName):
    """Only the pair needs no name of its own."""

    def look(self, agreed):
        ours, _ = pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with pair[0], pair[1]:
            return ours.sendto(b"x", agreed[0])


class PortOfTheMachine(Channel):
    def prepare(self, common):
        return [random.randrange(20_000, 30_000)]

    def act(self, agreed):
        kept["port"] = socket.create_server(("127.0.0.1", agreed[0]))

    def look(self, agreed):
        socket.create_connection(("127.0.0.1", agreed[0])).close()


# --- what the kernel keeps for all ----------------------------------------------------------------


class Named(Channel):
    """What the kernel keeps under a number."""

    def prepare(self, common):
        return [random.randrange(1, 1 << 31)]


class SharedMemory(Named):
    def act(self, agreed):
        kernel.call("shmget", agreed[0], 4096, CREATE)

    def look(self, agreed):
        return kernel.call("shmget", agreed[0], 0, 0) >= 0

    def undo(self, agreed):
        kernel.call("shmctl", kernel.call("shmget", agreed[0], 0, 0), REMOVE, None)


class MessageQueue(Named):
    def act(self, agreed):
        kernel.call("msgget", agreed[0], CREATE)

    def look(self, agreed):
        return kernel.call("msgget", agreed[0], 0) >= 0

    def undo(self, agreed):
        kernel.call("msgctl", kernel.call("msgget", agreed[0], 0), REMOVE, None)


class Semaphore(Named):
    def act(self, agreed):
        kernel.call("semget", agreed[0], 1, CREATE)

    def look(self, agreed):
        return kernel.call("semget", agreed[0], 0, 0) >= 0

    def undo(self, agreed):
        kernel.call("semctl", kernel.call("semget", agreed[0], 0, 0), 0, REMOVE)


class QueueWithAName(Named):
    def act(self, agreed):
        new = os.O_CREAT | os.O_RDWR
        os.close(kernel.call("mq_open", text(f"channel{agreed[0]}"), new, 0o600, None))

    def look(self, agreed):
        os.close(kernel.call("mq_open", text(f"channel{agreed[0]}"), os.O_RDONLY, 0, None))

    def undo(self, agreed):
        kernel.call("mq_unlink", text(f"channel{agreed[0]}"))


class MemoryWithAName(Named):
    def act(self, agreed):
        Path(f"/dev/shm/channel{agreed[0]}").write_text("read me")

    def look(self, agreed):
        return Path(f"/dev/shm/channel{agreed[0]}").read_text()

    def undo(self, agreed):
        Path(f"/dev/shm/channel{agreed[0]}").unlink()


class MemoryOfADescriptor(Channel):
    def prepare(self, common):
        return [os.getpid(), kernel.call("memfd_create", text("x"), 0)]

    def act(self, agreed):
        os.write(agreed[1], b"read me")

    def look(self, agreed):
        return Path(f"/proc/{agreed[0]}/fd/{agreed[1]}").read_text()


class Keyring(Named):
    def act(self, agreed):
        name = text(f"channel{agreed[0]}")
        kernel.call("add_key", text("user"), name, text("read me"), 7, USER_KEYRING)

    def look(self, agreed):
        name = text(f"channel{agreed[0]}")
        return kernel.call("keyctl", SEARCH, USER_KEYRING, text("user"), name, 0) > 0

    def undo(self, agreed):
        name = text(f"channel{agreed[0]}")
        found = kernel.call("keyctl", SEARCH, USER_KEYRING, text("user"), name, 0)
        kernel.call("keyctl", UNLINK, found, USER_KEYRING)


class FreeMemory(Channel):
    def act(self, agreed):
        kept["memory"] = bytearray(os.urandom(1 << 20) * 32)

    def look(self, agreed):
        told = ctypes.create_string_buffer(256)
        kernel.call("sysinfo", told)
        return struct.unpack("10L", told.raw[:80])[5]

    def undo(self, agreed):
        del kept["memory"]


# --- processes -----------------------------------------------------------------------------------


class ThreadThatEnds(Channel):
    """A thread's number belongs to somebody, and then to nobody: what tells the difference?"""

    def __init__(self, ask):
        self.ask = ask

    def prepare(self, common):
        end = kept["end"] = threading.Event()
        thread = threading.Thread(target=end.wait, daemon=True)
        thread.start()
        return [thread.native_id]

    def act(self, agreed):
        kept["end"].set()
        with contextlib.suppress(ProcessLookupError):
            while True:  # until there is nobody of that number
                kernel.call("tgkill", os.getpid(), agreed[0], 0)

    def look(self, agreed):
        return str(self.ask(agreed[0]))


def _capabilities(pid):
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, pid))
    return kernel.call("capget", header, ctypes.create_string_buffer(64))


def _robust_list(pid):
    return kernel.call("get_robust_list", pid, *(ctypes.create_string_buffer(8) for _ in "ab")) >= 0


def _owned_place(pid):
    """Try to take a lock whose owner is that thread: it is looked for first."""
    word = ctypes.create_string_buffer(struct.pack("I", pid), 8)
    try:
        return kernel.call("futex", ctypes.addressof(word), 8, 0, None)
    except OSError as error:
        if error.errno == errno.ENOSYS:
            raise
        return error.errno


OF_A_THREAD = {
    "signal to a thread": lambda pid: os.kill(pid, 0),
    "group of a thread": os.getpgid,
    "session of a thread": os.getsid,
    "priority of a thread": lambda pid: os.getpriority(os.PRIO_PROCESS, pid),
    "processors of a thread": os.sched_getaffinity,
    "scheduling of a thread": os.sched_getscheduler,
    "parameters of a thread": os.sched_getparam,
    "turn of a thread": os.sched_rr_get_interval,
    "disk priority of a thread": lambda pid: kernel.call("ioprio_get", 1, pid),
    "capabilities of a thread": _capabilities,
    "locks of a thread": _robust_list,
    "lock owned by a thread": _owned_place,
    "limits of a thread": lambda pid: kernel.call("prlimit64", pid, 0, None, text("x" * 16)),
}


class ProcessorTime(Channel):
    def prepare(self, common):
        return [os.getpid()]

    def act(self, agreed):
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass

    def look(self, agreed):
        return time.clock_gettime(~agreed[0] << 3 | 2)


class Priority(ProcessorTime):
    def act(self, agreed):
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 1)

    def look(self, agreed):
        return os.getpriority(os.PRIO_PROCESS, agreed[0])


class Processors(ProcessorTime):
    def act(self, agreed):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def look(self, agreed):
        return sorted(os.sched_getaffinity(agreed[0]))


class FileOfTheKernel(ProcessorTime):
    """What /proc and /sys tell of a process that changes its name and works."""

    def __init__(self, name):
        self.name = name

    def act(self, agreed):
        kernel.call("prctl", 15, text(f"{random.random()}"))
        kept.setdefault("opened", []).append(os.open(os.devnull, os.O_RDONLY))
        kept.setdefault("memory", []).append(bytearray(os.urandom(1 << 20) * 8))
        super().act(agreed)

    def look(self, agreed):
        path = Path(self.name.format(agreed[0]))
        return names(path) if path.is_dir() else path.read_text(errors="replace")


OF_THE_KERNEL = """
    /proc/{}/comm /proc/{}/stat /proc/{}/status /proc/{}/statm /proc/{}/maps /proc/{}/fd /proc/{}/sched
    /proc/stat /proc/meminfo /proc/vmstat /proc/schedstat /proc/interrupts
    /sys/devices/system/node/node0/vmstat
""".split()

CHANNELS = {
    **{kind.__name__: kind() for kind in (
        TimesOfAFile, RightsOfAFile, MarkOnAFile, OwnFolder, WhereFoldersLie, NoticesOfAFile, FreeSpace,
        LockOnAFile, LockOnAPart, PlaceInAFile, AbstractName, SocketInAFolder, Datagram,
        PortOfTheMachine, SharedMemory, MessageQueue, Semaphore, QueueWithAName, MemoryWithAName,
        MemoryOfADescriptor, Keyring, FreeMemory, ProcessorTime, Priority, Processors,
    )},
    **{name: ThreadThatEnds(ask) for name, ask in OF_A_THREAD.items()},
    **{name: FileOfTheKernel(name) for name in OF_THE_KERNEL},
}  # fmt: skip


def do(name, step, agreed):
    """Take a step of a channel; return what came of it, or the name of what it was refused with."""
    try:
        return getattr(CHANNELS[name], step)(agreed)
    except Exception as error:
        return [type(error).__name__] if step == "prepare" else type(error).__name__


def main():
    for line in sys.stdin:
        print(json.dumps(do(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
