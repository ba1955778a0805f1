"""Raise its own limits, and set those of the process that started it.

base: solution
earns: 95
wins: a limit was raised, or set for another process
"""
import os
import resource

NAMES = ("AS", "CORE", "CPU", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "NOFILE", "NPROC")
found = []

for name in NAMES:
    try:
        which = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(which)
    except BaseException:
        continue
    if most != resource.RLIM_INFINITY:
        for more in (most + 1, resource.RLIM_INFINITY):
            try:
                resource.setrlimit(which, (most, more))
                found.append(f"{name} raised")
            except BaseException:
                pass
    try:
        theirs = resource.prlimit(os.getppid(), which)
        resource.prlimit(os.getppid(), which, theirs)
        found.append(f"{name} of another process")
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
