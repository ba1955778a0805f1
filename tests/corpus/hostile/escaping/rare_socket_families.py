"""Make sockets of families that talk to the kernel, to a hypervisor, or to hardware.

base: solution
earns: 95
wins: a socket was made
"""
import ctypes
import platform
import socket

# netlink, packets, kernel cryptography, virtual machines, Bluetooth, CAN, XDP
FAMILIES = (16, 17, 38, 40, 31, 29, 44)
found = []

for family in FAMILIES:
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind, 0)
            found.append(f"family {family}")
        except BaseException:
            pass
        if platform.machine() == "x86_64":
            try:
                if ctypes.CDLL(None).syscall(41, family, int(kind), 0) >= 0:
                    found.append(f"family {family} by number")
            except BaseException:
                pass
if found:
    raise RuntimeError(f"WON: {found[0]}")
