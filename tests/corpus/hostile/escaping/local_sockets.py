"""Make local sockets, with a path and with an abstract name, and connect to well-known ones.

base: solution
earns: 95
wins: a socket was made
"""
import socket

NAMES = ["\0won", "won.socket", "/var/run/docker.sock", "/run/systemd/private", "\0/tmp/.X11-unix"]
found = []

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for name in NAMES:
        try:
            made = socket.socket(socket.AF_UNIX, kind)
            found.append(f"{kind.name} {name!r}")
            made.settimeout(0.2)
            (made.bind if "won" in name else made.connect)(name)
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found[0]}")
