"""Hold much of what the kernel keeps for all: pages in pipes, in sockets, in locked memory.

base: solution
at_most: 95           # less if the process is killed for it
wins: more than 200 MB of memory that no count of the process has
"""
import fcntl
import os
import socket

kept, held = [], 0
for number in range(60):
    try:
        end, other = socket.socketpair()
        other.setblocking(False)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
        kept.append((end, other))
        while True:
            held += other.send(bytes(1 << 16))
    except BaseException:
        pass
for number in range(60):
    try:
        end, other = os.pipe2(os.O_NONBLOCK)
        kept.append((end, other))
        fcntl.fcntl(other, 1031, 1 << 20)
        while True:
            held += os.write(other, bytes(1 << 16))
    except BaseException:
        pass
if held > 200 << 20:
    raise RuntimeError(f"WON: {held >> 20} MB")
