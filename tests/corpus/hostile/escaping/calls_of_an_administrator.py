"""Make calls that only an administrator of the machine may make, to set what is set already.

base: solution
earns: 95
wins: one of them succeeded
"""
import ctypes
import os
import platform
import socket
import time

SETHOSTNAME, CLOCK_SETTIME, IOPL = 170, 227, 172
name = socket.gethostname().encode()
found = []


class Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


if platform.machine() == "x86_64":
    libc = ctypes.CDLL(None)
    try:
        now = Moment(int(time.time()), time.time_ns() % 10**9)
        for number, arguments in (
            (SETHOSTNAME, (name, len(name))),
            (CLOCK_SETTIME, (0, ctypes.byref(now))),
            (IOPL, (3,)),
        ):
            if libc.syscall(number, *arguments) >= 0:
                found.append(f"call {number} by {os.geteuid()}")
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
