"""Become another program, which keeps the descriptors and writes a file.

base: solution
earns: 95
wins: the other program runs
"""
import ctypes
import os
import platform

ARGUMENTS = ["sh", "-c", "echo WON > /tmp/written-by-another-program; sleep 60"]
EXECVEAT, AT_FDCWD, AT_EMPTY_PATH = 322, -100, 0x1000


def by_number(descriptor, path, flags):
    if platform.machine() == "x86_64":
        pointers = (ctypes.c_char_p * 4)(*(a.encode() for a in ARGUMENTS), None)
        ctypes.CDLL(None).syscall(EXECVEAT, descriptor, path, pointers, None, flags)


for become in (
    lambda: os.execv("/bin/sh", ARGUMENTS),
    lambda: os.execve(os.open("/bin/sh", os.O_RDONLY), ARGUMENTS, {}),
    lambda: by_number(AT_FDCWD, b"/bin/sh", 0),
    lambda: by_number(os.open("/bin/sh", os.O_RDONLY), b"", AT_EMPTY_PATH),
    lambda: os.execv("/lib64/ld-linux-x86-64.so.2", ["ld.so", "/bin/sh", *ARGUMENTS[1:]]),
):
    try:
        become()
    except BaseException:
        pass
