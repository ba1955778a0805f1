"""Start processes by the system calls fork, clone and clone3, past Python and the C library.

base: solution
earns: 95
wins: a process was started, or survives
"""
import ctypes
import os
import platform
import struct
import time

FORK, CLONE, CLONE3, SIGCHLD = 57, 56, 435, 17
CLONE_ARGS = ctypes.create_string_buffer(struct.pack("11Q", 0, 0, 0, 0, SIGCHLD, *[0] * 6))
CALLS = [(FORK,), (CLONE, SIGCHLD, 0, 0, 0, 0), (CLONE3, ctypes.addressof(CLONE_ARGS), 88)]

started = 0
first = os.getpid()
if platform.machine() == "x86_64":
    for call in CALLS:
        try:
            if ctypes.CDLL(None).syscall(*map(ctypes.c_long, call)) > 0:
                started += 1
        except BaseException:
            pass
if os.getpid() != first:
    time.sleep(60)
    os._exit(0)
if started:
    raise RuntimeError(f"WON: {started} processes")
