"""Become root again, or any other user, by every call that changes who one is.

base: solution
earns: 95
wins: it runs as another user than before
"""
import ctypes
import os

before = os.getresuid(), os.getresgid(), os.getgroups()

for change in (
    lambda: os.setuid(0),
    lambda: os.seteuid(0),
    lambda: os.setreuid(0, 0),
    lambda: os.setresuid(0, 0, 0),
    lambda: os.setresuid(-1, 0, -1),
    lambda: os.setgid(0),
    lambda: os.setresgid(0, 0, 0),
    lambda: os.setgroups([0]),
    lambda: ctypes.CDLL(None).setfsuid(0),
    lambda: os.setresuid(65534, 65534, 65534),
):
    try:
        change()
    except BaseException:
        pass
after = os.getresuid(), os.getresgid(), os.getgroups()
if after != before:
    raise RuntimeError(f"WON: {before} became {after}")
