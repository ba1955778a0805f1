"""Make sockets for TCP, UDP and raw packets, and talk to this machine with them.

base: solution
earns: 95
wins: a socket was made
"""
import socket

found = []
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            made = socket.socket(family, kind)
            found.append(f"{family.name} {kind.name}")
            made.settimeout(0.2)
            made.connect(("127.0.0.1" if family == socket.AF_INET else "::1", 53))
            made.send(b"WON")
        except BaseException:
            pass
try:
    socket.create_server(("", 0))
    found.append("a server")
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found}")
