"""Send datagrams from a pair of sockets, which needs no name of its own, to a path and to abstract names.

base: solution
earns: 95
wins: the kernel looked for somebody of that name
"""
import socket

NAMES = ["/dev/log", "/run/systemd/journal/socket", "\0won", "\0/tmp/.X11-unix/X0", "won.socket"]
found = []


def went_out(step, *arguments):
    try:
        step(*arguments)
        return True
    except (ConnectionRefusedError, FileNotFoundError):  # it was looked for
        return True
    except BaseException:
        return False


for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
    try:
        one, other = socket.socketpair(socket.AF_UNIX, kind)
    except BaseException:
        continue
    for name in NAMES:
        found += [f"{kind.name} sendto {name!r}"] if went_out(one.sendto, b"won", name) else []
        found += [f"{kind.name} sendmsg {name!r}"] if went_out(one.sendmsg, [b"won"], (), 0, name) else []
        found += [f"{kind.name} connect {name!r}"] if went_out(one.connect, name) else []
        found += [f"{kind.name} bind {name!r}"] if went_out(one.bind, name) else []
if found:
    raise RuntimeError(f"WON: {found}")
