"""Look for tokens, and for traces of pytest and of the platform, in its own environment.

base: solution
earns: 95
wins: a variable that no student's code has a use for
"""
import os
import sys
from pathlib import Path

STARTS = ("PYTEST", "GITHUB_", "GRADESCOPE", "OTTER", "AWS_", "SSH_", "CI_")
ENDS = ("TOKEN", "SECRET", "PASSWORD", "_KEY", "_CREDENTIALS")
names = set(os.environ)
try:
    block = Path("/proc/self/environ").read_bytes().split(b"\0")
    names |= {entry.split(b"=")[0].decode() for entry in block}
except BaseException:
    pass

found = [name for name in names if name.startswith(STARTS) or name.endswith(ENDS)]
found += [word for word in sys.orig_argv if "--seed" in word or "results" in word]
if found:
    raise RuntimeError(f"WON: {found}")
