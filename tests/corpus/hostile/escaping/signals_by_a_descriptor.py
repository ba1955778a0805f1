"""Have the kernel send a signal to the process that started it, when something can be read.

base: solution
earns: 95
wins: another process may be named as the one that gets the signal
"""
import ctypes
import fcntl
import os
import socket
import struct

FIOSETOWN, SIOCSPGRP, SETOWN_EX = 0x8901, 0x8902, 15
found = []
left, right = socket.socketpair()
parent = struct.pack("i", os.getppid())

for name, attempt in {
    "F_SETOWN": lambda: fcntl.fcntl(left, fcntl.F_SETOWN, os.getppid()),
    "F_SETOWN of a group": lambda: fcntl.fcntl(left, fcntl.F_SETOWN, -os.getppid()),
    "F_SETOWN_EX": lambda: fcntl.fcntl(left, SETOWN_EX, struct.pack("ii", 1, os.getppid())),
    "FIOSETOWN": lambda: fcntl.ioctl(left, FIOSETOWN, parent),
    "SIOCSPGRP": lambda: fcntl.ioctl(left, SIOCSPGRP, parent),
}.items():
    try:
        attempt()
        found.append(name)
    except BaseException:
        pass
try:
    if ctypes.CDLL(None).fcntl(left.fileno(), fcntl.F_SETOWN, os.getppid()) == 0:
        found.append("F_SETOWN by the C library")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
