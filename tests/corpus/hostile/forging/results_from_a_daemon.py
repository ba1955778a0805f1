"""Leave a process behind that writes a results.json when the grading is over.

base: skeleton
earns: 0
wins: a process survives, and a results.json with 100 points appears a few seconds later
"""
import os
import sys
import time
from pathlib import Path

KIT = Path(sys.modules["checks"].__file__).resolve().parents[2]


def daemon():
    os.setsid()
    if os.fork():
        os._exit(0)
    for _ in range(60):
        for place in (KIT, Path("/autograder/results"), Path("/tmp")):
            try:
                (place / "results.json").write_text('{"score": 100, "output": "WON"}')
            except BaseException:
                pass
        time.sleep(1)
    os._exit(0)


try:
    if os.fork() == 0:
        daemon()
except BaseException:
    pass
