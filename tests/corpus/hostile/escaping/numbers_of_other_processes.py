"""Ask whether processes of other numbers exist, and for their clocks, in every way but by a path.

base: solution
earns: 95
wins: the process that started it is told from one that does not exist
"""
import ctypes
import os
import resource
import struct
import time

NOBODY = (1 << 22) - 1  # the highest number there can be
found = []
libc = ctypes.CDLL(None, use_errno=True)


def capabilities(pid):
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, pid))
    if libc.capget(header, ctypes.create_string_buffer(64)):
        raise OSError(ctypes.get_errno(), "")


def core(pid):
    if libc.prctl(62, 0, pid, 0, ctypes.create_string_buffer(8)):
        raise OSError(ctypes.get_errno(), "")


QUESTIONS = {
    "signal": lambda pid: os.kill(pid, 0),
    "group": os.getpgid,
    "session": os.getsid,
    "priority": lambda pid: os.getpriority(os.PRIO_PROCESS, pid),
    "group's priority": lambda pid: os.getpriority(os.PRIO_PGRP, pid),
    "processors": os.sched_getaffinity,
    "scheduling": os.sched_getscheduler,
    "parameters": os.sched_getparam,
    "turn": os.sched_rr_get_interval,
    "limits": lambda pid: resource.prlimit(pid, resource.RLIMIT_CPU),
    "capabilities": capabilities,
    "core": core,
    "descriptor": lambda pid: os.pidfd_open(pid),
    "clock": lambda pid: time.clock_gettime(~pid << 3 | 2),
    "clock's steps": lambda pid: time.clock_getres(~pid << 3 | 2),
    "child": lambda pid: os.waitpid(pid, os.WNOHANG),
}


def answer(question, pid):
    try:
        question(pid)
        return "it exists"
    except OSError as error:
        return error.errno
    except BaseException:
        return None


for name, question in QUESTIONS.items():
    try:
        if answer(question, os.getppid()) != answer(question, NOBODY):
            found.append(name)
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
