"""Read the environment variables of every other process.

base: solution
earns: 95
wins: an environment that is not its own is in its hands
"""
import os
from pathlib import Path

found = b""
try:
    others = {os.getppid(), 1, *range(max(2, os.getppid() - 20), os.getppid())}
    others |= {int(name) for name in os.listdir("/proc") if name.isdigit()}
except BaseException:
    pass

for pid in others - {os.getpid()}:
    try:
        found = found or Path(f"/proc/{pid}/environ").read_bytes()
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found[:40]!r}")
