"""Read the memory of the process that started it, at addresses that both have.

base: solution
earns: 95
wins: bytes of another process are in its hands
"""
import os
import sys

found = b""
try:
    # A fork has its parent's layout: an object of ours from before the fork lies there as well.
    address = id(sys.modules)
    with open(f"/proc/{os.getppid()}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        found = memory.read(64)
except BaseException:
    pass
if found:
    raise RuntimeError(f"WON: {found[:16]!r}")
