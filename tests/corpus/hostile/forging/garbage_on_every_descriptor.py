"""Write random bytes to every descriptor that can be written to.

base: skeleton
earns: 0
wins: the grader or the process that starts workers fails, or a file outside is changed
"""
import os

for descriptor in range(1, 256):
    for length in (1, 20, 4096, 65536):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, os.urandom(length))
        except BaseException:
            pass
