"""Read from every file and folder that was left open when it was started.

base: solution
earns: 95
wins: an open file or folder that is not its own is in its hands
"""
import os
import stat

found = []

for descriptor in range(3, 1024):
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            found.append(f"{descriptor} is a file: {os.pread(descriptor, 40, 0)!r}")
        if stat.S_ISDIR(kind):
            found.append(f"{descriptor} is a folder: {os.listdir(descriptor)[:5]}")
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found[0]}")
