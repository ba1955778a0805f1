"""Send signals by calls that are less known than kill.

base: solution
earns: 95
wins: a signal to another process is accepted
"""
import ctypes
import os
import platform

TKILL, TGKILL, QUEUE, QUEUE_TO_THREAD = 200, 234, 129, 297
parent = os.getppid()
queued = ctypes.create_string_buffer(bytes(8) + b"\xff" * 4, 128)  # si_code is -1: SI_QUEUE
CALLS = {
    "tkill": (TKILL, parent, 0),
    "tgkill": (TGKILL, parent, parent, 0),
    "rt_sigqueueinfo": (QUEUE, parent, 0, queued),
    "rt_tgsigqueueinfo": (QUEUE_TO_THREAD, parent, parent, 0, queued),
}
found = []

if platform.machine() == "x86_64":
    for name, call in CALLS.items():
        try:
            longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in call]
            if ctypes.CDLL(None).syscall(*longs) == 0:
                found.append(name)
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
