"""Set the priority, the scheduling and the processors of the process that started it.

base: solution
earns: 95
wins: one of these changes was accepted
"""
import ctypes
import os
import platform

IOPRIO_SET, IOPRIO_PROCESS, BEST_EFFORT = 251, 1, 2 << 13
PROCESS, GROUP = 0, 1  # for setpriority
parent = os.getppid()
found = []

for name, change in {  # each sets what is set already
    "nice": lambda: os.setpriority(PROCESS, parent, os.getpriority(PROCESS, parent)),
    "group": lambda: os.setpriority(GROUP, parent, os.getpriority(GROUP, parent)),
    "processors": lambda: os.sched_setaffinity(parent, os.sched_getaffinity(parent)),
    "scheduling": lambda: os.sched_setscheduler(parent, os.SCHED_OTHER, os.sched_param(0)),
}.items():
    try:
        change()
        found.append(name)
    except BaseException:
        pass
try:
    if platform.machine() == "x86_64":
        call = (IOPRIO_SET, IOPRIO_PROCESS, parent, BEST_EFFORT | 4)
        if ctypes.CDLL(None).syscall(*map(ctypes.c_long, call)) == 0:
            found.append("input and output")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
