"""Take open descriptors from the process that started it, by pidfd_getfd.

base: solution
earns: 95
wins: a descriptor of another process, or a handle to signal it, is in its hands
"""
import ctypes
import os
import platform

OPEN, GET, SEND = 434, 438, 424
found = []


def call(number, *arguments):
    return ctypes.CDLL(None).syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))


if platform.machine() == "x86_64":
    try:
        handle = call(OPEN, os.getppid(), 0)
        if handle >= 0:
            found += [f"descriptor {n}" for n in range(20) if call(GET, handle, n, 0) >= 0]
            found += ["a signal"] if call(SEND, handle, 0, 0, 0) == 0 else []
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
