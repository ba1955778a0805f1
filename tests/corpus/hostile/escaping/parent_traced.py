"""Attach to the process that started it as a debugger.

base: solution
earns: 95
wins: the other process can be traced
"""
import ctypes
import os

ATTACH, SEIZE, DETACH = 16, 0x4206, 17
found = []

for request in (SEIZE, ATTACH):
    for pid in (os.getppid(), 1):
        try:
            libc = ctypes.CDLL(None)
            if libc.ptrace(request, pid, None, None) == 0:
                found.append(pid)
                libc.ptrace(DETACH, pid, None, None)
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: traced {found}")
