"""Wait at a word of a file that every worker may map, where a neighbour could wake it.

base: solution
earns: 95
wins: it waited until its time was up, or another kind of wait was begun
"""
import ctypes
import mmap
import os
import platform
import struct

import numpy

FUTEX = {"x86_64": 202, "aarch64": 98}.get(platform.machine())
WAIT, WAIT_BITSET, REQUEUE_PI, LOCK_PI, TRYLOCK_PI, LOCK_PI2, REAL_TIME = 0, 9, 11, 6, 8, 13, 0x100
WAITV, TIMED_OUT, NOBODY, REFUSED = 449, 110, 3, (1, 11, 38)
found = []

try:
    libc = ctypes.CDLL(None, use_errno=True)
    with open(os.__file__, "rb") as file:
        page = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    words = numpy.frombuffer(page, numpy.uint32, 1)
    at, word = ctypes.c_void_p(words.ctypes.data), ctypes.c_long(int(words[0]))
    soon = ctypes.create_string_buffer(struct.pack("qq", 0, 1000))
    every = ctypes.c_long(0xFFFFFFFF)
    for kind in (WAIT, WAIT_BITSET, WAIT | REAL_TIME, WAIT_BITSET | REAL_TIME, REQUEUE_PI):
        done = libc.syscall(ctypes.c_long(FUTEX), at, ctypes.c_long(kind), word, soon, at, every)
        if done == 0 or ctypes.get_errno() not in REFUSED:
            found.append(f"wait {kind}: {ctypes.get_errno()}")
    one = ctypes.create_string_buffer(struct.pack("QQII", int(words[0]), words.ctypes.data, 2, 0))
    if libc.syscall(WAITV, one, 1, 0, None, 0) >= 0 or ctypes.get_errno() not in REFUSED:
        found.append(f"waits: {ctypes.get_errno()}")
    for kind in (LOCK_PI, TRYLOCK_PI, LOCK_PI2):  # owned by a thread of another process
        owned = ctypes.create_string_buffer(struct.pack("I", os.getppid()), 8)
        done = libc.syscall(ctypes.c_long(FUTEX), owned, ctypes.c_long(kind), 0, soon, None, 0)
        if done == 0 or ctypes.get_errno() not in REFUSED:
            found.append(f"lock {kind}: {ctypes.get_errno()}")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
