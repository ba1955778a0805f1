"""Copy memory from and to the process that started it by process_vm_readv and process_vm_writev.

base: solution
earns: 95
wins: bytes of another process were read or written
"""
import ctypes
import os
import platform

READ, WRITE = 310, 311
found = []


class Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


buffer = ctypes.create_string_buffer(16)
# A fork has its parent's layout: an object of ours from before the fork lies there as well.
own, theirs = Piece(ctypes.addressof(buffer), 16), Piece(id(os.environ), 16)

if platform.machine() == "x86_64":
    for number in (READ, WRITE):
        try:
            pid, one, none = ctypes.c_long(os.getppid()), ctypes.c_long(1), ctypes.c_long(0)
            pieces = ctypes.byref(own), one, ctypes.byref(theirs), one
            if ctypes.CDLL(None).syscall(number, pid, *pieces, none) > 0:
                found.append(f"{number}: {buffer.raw!r}")
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found}")
