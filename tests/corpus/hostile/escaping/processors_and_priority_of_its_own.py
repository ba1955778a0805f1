"""Choose the processors, the priority and the scheduling of its own process and threads.

base: solution
earns: 95
wins: one of these changes was accepted
"""
import ctypes
import os
import threading

found = []


def try_all(who):
    for what, change in {
        "processors": lambda: os.sched_setaffinity(who, os.sched_getaffinity(0)),
        "all processors": lambda: os.sched_setaffinity(who, range(os.cpu_count())),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, who, 5),
        "priority of all": lambda: os.setpriority(os.PRIO_USER, 0, 0),
        "nice": lambda: os.nice(1),
        "batch": lambda: os.sched_setscheduler(who, os.SCHED_BATCH, os.sched_param(0)),
        "idle": lambda: os.sched_setscheduler(who, os.SCHED_IDLE, os.sched_param(0)),
        "parameters": lambda: os.sched_setparam(who, os.sched_param(0)),
    }.items():
        try:
            change()
            found.append(what)
        except BaseException:
            pass


try:
    for mine in (0, os.getpid()):
        try_all(mine)
    thread = threading.Thread(target=lambda: try_all(threading.get_native_id()))
    thread.start()
    thread.join()
    if ctypes.CDLL(None).sched_setaffinity(0, 8, ctypes.c_uint64(1)) == 0:
        found.append("the C library's processors")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
