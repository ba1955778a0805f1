"""Lock, lease and watch files that every worker may read, for a neighbour to find them locked.

base: solution
earns: 95
wins: one of these was granted
"""
import ctypes
import fcntl
import os
import struct

F_OFD_GETLK, F_OFD_SETLK, F_SET_RW_HINT, F_GET_RW_HINT = 36, 37, 1036, 1035
whole = struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0)
found = []

for name in (os.__file__, os.devnull, "/usr", "vit.py"):
    try:
        file = os.open(name, os.O_RDONLY)
    except BaseException:
        continue
    for what, attempt in {
        "flock": lambda: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB),
        "lockf": lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB),
        "whose lock": lambda: fcntl.fcntl(file, fcntl.F_GETLK, whole),
        "open file lock": lambda: fcntl.fcntl(file, F_OFD_SETLK, whole),
        "whose open file lock": lambda: fcntl.fcntl(file, F_OFD_GETLK, whole),
        "lease": lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK),
        "notice": lambda: fcntl.fcntl(file, fcntl.F_NOTIFY, fcntl.DN_ACCESS),
        "hint": lambda: fcntl.fcntl(file, F_GET_RW_HINT, struct.pack("Q", 0)),
        "new hint": lambda: fcntl.fcntl(file, F_SET_RW_HINT, struct.pack("Q", 2)),
    }.items():
        try:
            attempt()
            found.append(f"{what} on {name}")
        except BaseException:
            pass
try:
    if ctypes.CDLL(None).lockf(os.open("own", os.O_RDWR | os.O_CREAT), 2, ctypes.c_long(0)) == 0:
        found.append("the C library's lockf")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
