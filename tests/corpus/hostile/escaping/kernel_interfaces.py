"""Open the kernel's interfaces for asynchronous input, programs, counters, faults and keys.

base: solution
earns: 95
wins: one of them could be used
"""
import ctypes
import platform
import struct

IO_URING_SETUP, IO_SETUP, BPF, PERF_EVENT_OPEN = 425, 206, 321, 298
USERFAULTFD, FANOTIFY_INIT = 323, 300
ADD_KEY, REQUEST_KEY, KEYCTL = 248, 249, 250
MAP_CREATE, THREAD_KEYRING, SESSION_KEYRING, GET_KEYRING, JOIN_SESSION = 0, -1, -3, 0, 1

space = ctypes.create_string_buffer(256)
array_map = ctypes.create_string_buffer(struct.pack("4I", 2, 4, 4, 1), 128)
# type, size, config, ..., flags: a software clock without the kernel's part
clock = ctypes.create_string_buffer(struct.pack("2I5Q", 1, 112, 0, 0, 0, 0, 0x60), 128)
CALLS = {
    "io_uring": (IO_URING_SETUP, 4, space),
    "aio": (IO_SETUP, 1, ctypes.create_string_buffer(8)),
    "bpf": (BPF, MAP_CREATE, array_map, 72),
    "perf": (PERF_EVENT_OPEN, clock, 0, -1, -1, 0),
    "userfaultfd": (USERFAULTFD, 1),
    "fanotify": (FANOTIFY_INIT, 0, 0),
    "add_key": (ADD_KEY, b"user", b"won", b"WON", 3, THREAD_KEYRING),
    "request_key": (REQUEST_KEY, b"user", b"won", None, SESSION_KEYRING),
    "keyring": (KEYCTL, GET_KEYRING, SESSION_KEYRING, 1),
    "session": (KEYCTL, JOIN_SESSION, b"won"),
}
found = []
if platform.machine() == "x86_64":
    for name, call in CALLS.items():
        try:
            longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in call]
            if ctypes.CDLL(None).syscall(*longs) >= 0:
                found.append(name)
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
