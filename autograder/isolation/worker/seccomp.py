"""Refuse the system calls that a student's code has no honest use for: a seccomp filter.

The filter is a program for the kernel's packet filter (BPF), which reads the call's number and
arguments. What is refused fails with an error, so that code with a way around it still works. A call
newer than our table does not exist as far as a worker is concerned.

Source: the kernel's documentation, userspace-api/seccomp_filter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.isolation.worker import kernel

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
LOAD, AND, RETURN = 0x20, 0x54, 0x06
IF_EQUAL, IF_GREATER, SKIP = 0x15, 0x25, 0x05
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
SET_MODE_FILTER = 1

# Where these do not exist, a C library takes the older call, which can be judged; and who locks files
# has a way to do without.
NOT_THERE = ("clone3", "openat2", "futex_waitv", "flock")
NEVER = """
    fork vfork execve execveat unshare setns setsid setpgid personality
    socket connect bind listen accept accept4 sendmsg sendmmsg recvmsg recvmmsg
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease
    pidfd_open pidfd_getfd pidfd_send_signal kcmp tkill rt_sigqueueinfo rt_tgsigqueueinfo
    setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr sched_setaffinity
    migrate_pages move_pages
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
    mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick
    mount_setattr swapon swapoff reboot sethostname setdomainname init_module finit_module
    delete_module kexec_load kexec_file_load acct quotactl quotactl_fd syslog settimeofday
    clock_settime clock_adjtime adjtimex iopl ioperm modify_ldt vhangup
    memfd_create memfd_secret shmget shmat shmctl shmdt semget semop semctl semtimedop
    msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit
    add_key request_key keyctl bpf perf_event_open userfaultfd fanotify_init fanotify_mark
    name_to_handle_at open_by_handle_at lookup_dcookie
    chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr
    removexattr lremovexattr fremovexattr utime utimes utimensat futimesat
    mknod mknodat link linkat symlink symlinkat truncate
    inotify_init inotify_init1 inotify_add_watch mincore fadvise64 preadv2
    statfs fstatfs ustat sysinfo sync syncfs membarrier ioprio_get capget sched_getattr
""".split()
CHANGES_FILES = """
    creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fallocate
""".split()  # refused where Landlock does not say which files

CLONE_THREAD = 0x10000
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # typing on somebody's terminal
OF_SOCKETS = 0x8900  # their owner, to be sent signals, and the machine's interfaces
FIEMAP = 0xC020660B  # which blocks of the disk a file got
PR_SET_MM, PR_SCHED_CORE, PR_SET_MEMORY_MERGE, PR_SET_PTRACER = 35, 62, 67, 0x59616D61
MERGEABLE = 12  # of madvise: equal pages of two processes become one, which a write can feel
# Of fcntl: what concerns a descriptor alone (and how large a pipe is). Locks, leases, notices and hints
# concern a file, and so whoever else has it open. The filter sees a descriptor and not which file it
# is: every worker may open Python's files, so that a lock is refused on its own files as well.
OF_A_DESCRIPTOR = (0, 1, 2, 3, 4, 1030, 1032)
STREAM, KIND = 1, 0xF  # of socketpair: asyncio's. With datagrams each one could have an address.
BUFFERS = (7, 8, 32, 33)  # of a socket: how much of the kernel's memory it may hold
PEER = (17, 59, 77)  # of a socket: who is at its other end
OF_A_PROCESS = 0x80000000  # a clock with this bit is another process's processor time
# A page of a file that two workers map is one place to wait at and to wake. Threads wait at places of
# their own process, apart from pthread_join: told to look again, it does until the thread has ended.
WAIT, WAIT_BITSET, ANYWHERE = 0, 9, 0xFF  # the mask has the flag for "in this process only"
BY_OWNER, COMMAND = (6, 7, 8, 11, 12, 13), 0x7F  # locks that name a thread of whatever process
# Which argument is a process: 0 is oneself. Whether others exist is nobody's business.
OF_A_PID = {
    "getpgid": 0, "getsid": 0, "getpriority": 1, "get_robust_list": 0, "prlimit64": 0,
    "sched_getparam": 0, "sched_getscheduler": 0, "sched_rr_get_interval": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """Refuse a call if the masked argument is one of these values, or unless it is."""

    name: str
    argument: int
    values: Sequence[int]
    mask: int = 0xFFFFFFFF
    unless: bool = False
    error: int = errno.EPERM


def rules(pid: int, may_write: bool) -> list[Rule]:
    """Return the rules for calls that are refused for some arguments only."""
    return [*_on_processes(pid), *_on_channels(), *_on_files(may_write)]


def _on_processes(pid: int) -> Iterator[Rule]:
    yield Rule("clone", 0, [0], mask=CLONE_THREAD)  # threads, but no processes
    yield Rule("kill", 0, [pid], unless=True)
    yield Rule("tgkill", 0, [pid], unless=True)
    for name, argument in OF_A_PID.items():
        yield Rule(name, argument, [0, pid], unless=True)
    # Of a thread it may be asked, by a number that we do not know: the C library takes this answer.
    yield Rule("sched_getaffinity", 0, [0, pid], unless=True, error=errno.ENOSYS)
    for name in ("clock_gettime", "clock_getres", "clock_nanosleep", "timer_create"):
        yield Rule(name, 0, [OF_A_PROCESS], mask=OF_A_PROCESS)
    named = [kernel.PR_SET_PDEATHSIG, PR_SET_MM, PR_SCHED_CORE, PR_SET_MEMORY_MERGE, PR_SET_PTRACER]
    yield Rule("prctl", 0, named)


def _on_channels() -> Iterator[Rule]:
    yield Rule("socketpair", 0, [socket.AF_UNIX], unless=True)
    yield Rule("socketpair", 1, [STREAM], mask=KIND, unless=True)
    yield Rule("setsockopt", 2, BUFFERS)
    yield Rule("getsockopt", 2, PEER)
    yield Rule("sendto", 5, [0], unless=True)  # the length of an address; send() has none
    yield Rule("futex", 1, [WAIT, WAIT_BITSET], mask=ANYWHERE, error=errno.EAGAIN)
    yield Rule("futex", 1, BY_OWNER, mask=COMMAND, error=errno.ENOSYS)
    yield Rule("madvise", 2, [MERGEABLE])


def _on_files(may_write: bool) -> Iterator[Rule]:
    yield Rule("fcntl", 1, OF_A_DESCRIPTOR, unless=True)
    yield Rule("ioctl", 1, [TIOCSTI, TIOCLINUX, FIEMAP])
    yield Rule("ioctl", 1, [OF_SOCKETS], mask=0xFF00)
    for name, flags in (("open", 1), ("openat", 2)):
        # Reading and emptying a file at once is a way to write that the first Landlock overlooks.
        yield Rule(name, flags, [os.O_TRUNC], mask=os.O_ACCMODE | os.O_TRUNC)
        if not may_write:
            yield Rule(name, flags, [0], mask=os.O_ACCMODE | os.O_CREAT, unless=True)


def program(pid: int, may_write: bool) -> bytes:
    """Return the filter for this process. Raises OSError on a machine it is not written for."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise OSError(f"no filter is written for {platform.machine()}")
    lines = [
        _line(LOAD, ARCHITECTURE),
        _line(IF_EQUAL, architecture, 1, 0),
        _line(RETURN, KILL),
        _line(LOAD, NUMBER),
        _line(IF_GREATER, kernel.NEWEST, 0, 1),
        _line(RETURN, REFUSE | errno.ENOSYS),
    ]
    for name in (*NOT_THERE, *NEVER, *(() if may_write else CHANGES_FILES)):
        number = kernel.number(name)
        if number is not None:
            code = errno.ENOSYS if name in NOT_THERE else errno.EPERM
            lines += [_line(IF_EQUAL, number, 0, 1), _line(RETURN, REFUSE | code)]
    for rule in rules(pid, may_write):
        lines += _judged(rule)
    return b"".join([*lines, _line(RETURN, ALLOW)])


def _judged(rule: Rule) -> Iterator[bytes]:
    number = kernel.number(rule.name)
    if number is None:
        return
    n = len(rule.values)
    yield _line(IF_EQUAL, number, 0, n + 5)
    # The lower half of the argument: both machines are little-endian.
    yield _line(LOAD, ARGUMENTS + 8 * rule.argument)
    yield _line(AND, rule.mask)
    for place, value in enumerate(rule.values):
        yield _line(IF_EQUAL, value, n - place, 0)  # on to what is done with one of them
    refuse = _line(RETURN, REFUSE | rule.error)
    yield refuse if rule.unless else _line(SKIP, 1)  # none of them
    yield _line(SKIP, 0) if rule.unless else refuse  # one of them
    yield _line(LOAD, NUMBER)


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def enforce(pid: int, may_write: bool) -> None:
    """Put this process under the filter for good. It must have no_new_privs."""
    lines = program(pid, may_write)
    buffer = ctypes.create_string_buffer(lines, len(lines))
    header = struct.pack("@HP", len(lines) // 8, ctypes.addressof(buffer))
    kernel.call("seccomp", SET_MODE_FILTER, 0, ctypes.create_string_buffer(header, len(header)))
