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

NOT_THERE = ("clone3", "openat2")  # the C library then takes the older call, which can be judged
NEVER = """
    fork vfork execve execveat unshare setns setsid setpgid personality
    socket connect bind listen accept accept4 sendmsg sendmmsg recvmsg recvmmsg
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease
    pidfd_open pidfd_getfd pidfd_send_signal kcmp tkill rt_sigqueueinfo rt_tgsigqueueinfo
    setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr migrate_pages move_pages
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
""".split()
CHANGES_FILES = """
    creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fallocate
""".split()  # refused where Landlock does not say which files

CLONE_THREAD = 0x10000
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # a signal to somebody else when a socket can be read
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # typing on somebody's terminal
OF_SOCKETS = 0x8900  # their owner, to be sent signals, and the machine's interfaces
PR_SET_MM = 35


@dataclass(frozen=True)
class Rule:
    """Refuse a call if the masked argument is one of these values, or unless it is."""

    name: str
    argument: int
    values: Sequence[int]
    mask: int = 0xFFFFFFFF
    unless: bool = False


def rules(pid: int, may_write: bool) -> list[Rule]:
    """Return the rules for calls that are refused for some arguments only."""
    found = [
        Rule("clone", 0, [0], mask=CLONE_THREAD),  # threads, but no processes
        Rule("kill", 0, [pid], unless=True),
        Rule("tgkill", 0, [pid], unless=True),
        Rule("prlimit64", 0, [0, pid], unless=True),
        Rule("sched_setaffinity", 0, [0, pid], unless=True),
        Rule("fcntl", 1, [F_SETOWN, F_SETSIG, F_SETOWN_EX]),
        Rule("ioctl", 1, [TIOCSTI, TIOCLINUX]),
        Rule("ioctl", 1, [OF_SOCKETS], mask=0xFF00),
        Rule("prctl", 0, [kernel.PR_SET_PDEATHSIG, PR_SET_MM]),
    ]
    for name, flags in (("open", 1), ("openat", 2)):
        # Reading and emptying a file at once is a way to write that the first Landlock overlooks.
        found.append(Rule(name, flags, [os.O_TRUNC], mask=os.O_ACCMODE | os.O_TRUNC))
        if not may_write:
            found.append(Rule(name, flags, [0], mask=os.O_ACCMODE | os.O_CREAT, unless=True))
    return found


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
    refuse = _line(RETURN, REFUSE | errno.EPERM)
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
