"""Take from a worker what a student's code has no use for, in layers, before any of it runs.

No layer relies on another one, and none is taken for granted: a layer that this machine does not
offer is left out, and `examine` finds out by trying what that leaves open. The order matters: rules
about files are gathered while everything can be read, and the filter of system calls comes last,
since the other layers need calls that it refuses.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import resource
import signal
import stat
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from autograder.isolation.worker import kernel, landlock, seccomp

MB = 1 << 20
ADDRESSES_BESIDE = 2 << 30  # bytes that threads and allocators reserve and never use
MOST_FILES = 128
MOST_THREADS = 64
LAST_CAPABILITY = 63
CAPABILITIES_3 = 0x20080522  # the version of capset's header
MAY_READ_ALL = 1 << 2  # CAP_DAC_READ_SEARCH

# What the kernel tells of the machine is read where it stays the same. Not here: /proc/stat, meminfo,
# and what a core or a bank of memory counts, which tell a worker what its neighbour does.
READABLE = """
    /usr /lib /lib64 /lib32 /opt/intel /etc/ld.so.cache /etc/localtime /etc/timezone
    /dev/zero /dev/random /dev/urandom /proc/cpuinfo /proc/version /proc/sys/vm/overcommit_memory
    /sys/devices/system/cpu/possible /sys/devices/system/cpu/present /sys/devices/system/cpu/online
    /sys/devices/system/cpu/kernel_max /sys/devices/system/cpu/cpu[0-9]*/topology
    /sys/devices/system/cpu/cpu[0-9]*/cache /sys/devices/system/cpu/cpu[0-9]*/regs
    /sys/devices/system/cpu/cpu[0-9]*/cpu_capacity
    /sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_m[ai][nx]_freq
    /sys/devices/system/node/possible /sys/devices/system/node/online
    /sys/devices/system/node/node[0-9]*/cpulist /sys/devices/system/node/node[0-9]*/distance
""".split()
LISTED = (Path("/sys/devices/system/cpu"), Path("/sys/devices/system/node"))


class Confinement(msgspec.Struct, frozen=True):
    """What one worker gets.

    scratch    the one folder it may write in: its home and its current folder; its files lie there
    user       the id it runs under; None: the grader's own
    reads_all  it keeps the right to read what is closed to others, as root's own Python may be:
               Landlock limits it to the few folders that are listed
    memory_mb  what it may allocate on top of what it starts with
    file_mb    the size of one file
    seconds    of processor time
    """

    scratch: str
    user: int | None
    reads_all: bool
    memory_mb: int
    file_mb: int
    seconds: int


def confine(limits: Confinement) -> None:
    """Put this process, which must have one thread, under every layer that there is."""
    _settle_down(Path(limits.scratch))
    files = _files(Path(limits.scratch))
    _limit_resources(limits)
    _give_up_privileges(limits.user, limits.reads_all and files is not None)
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user takes it away
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if files is not None:
        files.enforce()
    with contextlib.suppress(OSError):
        seccomp.enforce(os.getpid(), may_write=files is not None)


@functools.cache
def readable() -> tuple[Path, ...]:
    """Return what a worker may read of this machine, apart from Python."""
    return tuple(found for name in READABLE for found in sorted(Path("/").glob(name[1:])))


@functools.cache
def python_folders() -> tuple[Path, ...]:
    """Return the folders that this Python and its packages are read from."""
    named = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    kit = Path(__file__).resolve().parents[3]
    found = [Path(name).resolve() for name in [*named, *sys.path, sysconfig.get_config_var("LIBDIR")]
             if name]  # fmt: skip
    folders = [path for path in dict.fromkeys(found) if path.exists()]
    if (kit / "grading.yml").exists():  # installed in place: tests/ lies in it
        folders = [path for path in folders if not kit.is_relative_to(path)]
    return tuple(folders)


def others_can_read(paths: Iterable[Path]) -> bool:
    """Whether another user could read what lies in these folders."""
    folders = {folder for path in paths for folder in (path, *path.parents)}
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders if folder.is_dir())


def _settle_down(scratch: Path) -> None:
    """Make the scratch folder home, the place of temporary files, and the current folder."""
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR"):
        os.environ[name] = str(scratch)
    tempfile.tempdir = str(scratch)
    os.chdir(scratch)


def _files(scratch: Path) -> landlock.Ruleset | None:
    try:
        files = landlock.Ruleset()
    except OSError:
        return None
    files.allow([*readable(), *python_folders()], landlock.READ)
    files.allow(LISTED, landlock.READ_DIR)
    files.allow([Path("/dev/null")], landlock.READ_FILE | landlock.WRITE_FILE)
    files.allow([scratch], landlock.WRITE)
    return files


def _limit_resources(limits: Confinement) -> None:
    allocated, mapped = _in_use()
    more = limits.memory_mb * MB
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_FSIZE": limits.file_mb * MB,
        "RLIMIT_NOFILE": MOST_FILES,
        "RLIMIT_CPU": limits.seconds,
    }
    if kernel.IS_LINUX:  # elsewhere a limit on memory counts something else, or nothing
        wanted |= {"RLIMIT_DATA": allocated + more, "RLIMIT_AS": mapped + more + ADDRESSES_BESIDE}
    if limits.user is not None:  # it counts all processes of a user: only our own has few
        wanted["RLIMIT_NPROC"] = MOST_THREADS
    for name, most in wanted.items():
        which = getattr(resource, name, None)
        if which is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(which, (most, most))


def _in_use() -> tuple[int, int]:
    """Return this process's allocated and mapped bytes."""
    if not kernel.IS_LINUX:
        return 0, 0
    pages = list(map(int, Path("/proc/self/statm").read_text().split()))
    size = os.sysconf("SC_PAGE_SIZE")
    return pages[5] * size, pages[0] * size


def _give_up_privileges(user: int | None, reads_all: bool) -> None:
    """Become another user where the grader is root, and give up every other capability."""
    if os.geteuid() != 0:
        return
    for capability in range(LAST_CAPABILITY + 1):
        with contextlib.suppress(OSError):  # the bounding set: not even a program could get them
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    kept = 0
    if user is not None:
        kept = MAY_READ_ALL if reads_all else 0
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("Ii", CAPABILITIES_3, 0)
    # Effective, permitted, inheritable: the lower halves, then the upper ones.
    data = struct.pack("6I", kept, kept, 0, 0, 0, 0)
    kernel.call("capset", ctypes.create_string_buffer(header), ctypes.create_string_buffer(data))
