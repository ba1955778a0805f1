"""The socket by which a fork server gets its orders: its own end is descriptor 0."""

from __future__ import annotations

import os
import socket
import sys


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the end that gives orders, and the fork server's.

    Orders arrive whole, and the end is seen when the other side hangs up; macOS has only datagrams.
    """
    kind = socket.SOCK_DGRAM if sys.platform == "darwin" else socket.SOCK_SEQPACKET
    return socket.socketpair(socket.AF_UNIX, kind)


def keep_only(end: socket.socket) -> None:
    """In a fork that is to be a fork server: have its end, its output, and nothing else open."""
    os.dup2(end.fileno(), 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def own_end() -> socket.socket:
    """Return the fork server's end, in that process."""
    return socket.socket(fileno=os.dup(0))
