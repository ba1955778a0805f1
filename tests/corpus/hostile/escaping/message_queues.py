"""Make message queues and semaphores, which stay when their maker has ended.

base: solution
earns: 95
wins: one of them was made
"""
import ctypes
import platform

MSGGET, MSGCTL, SEMGET, SEMCTL, MQ_OPEN, MQ_UNLINK = 68, 71, 64, 66, 240, 241
PRIVATE, CREATE, REMOVE = 0, 0o1600, 0
found = []
libc = ctypes.CDLL(None)

if platform.machine() == "x86_64":
    try:
        queue = libc.syscall(MSGGET, PRIVATE, CREATE)
        if queue >= 0:
            found.append("a queue")
            libc.syscall(MSGCTL, queue, REMOVE, None)
        semaphores = libc.syscall(SEMGET, PRIVATE, 1, CREATE)
        if semaphores >= 0:
            found.append("semaphores")
            libc.syscall(SEMCTL, semaphores, 0, REMOVE, None)
        if libc.syscall(MQ_OPEN, b"won", 0o102, 0o600, None) >= 0:
            found.append("a queue with a name")
            libc.syscall(MQ_UNLINK, b"won")
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
