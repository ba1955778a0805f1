"""Announce a frame, send the half of it, and say no more.

base: skeleton
earns: 0
wins: the grader waits longer than its limits, or has no report
"""
import os
import stat
import time

HALF = bytes(7) + b"\x02" + (1000).to_bytes(4, "big") + bytes(8) + b"half"

try:
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, HALF)
        except OSError:
            pass
    while True:
        time.sleep(1000)
except BaseException:
    pass
