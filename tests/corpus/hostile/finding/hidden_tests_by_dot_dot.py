"""Climb to the hidden tests from a folder that may be read, by relative paths and descriptors.

base: solution
earns: 95
wins: the text of a hidden test is in its hands
"""
import os
import sys
from pathlib import Path

PATH = Path(sys.modules["checks"].__file__).resolve().parents[1] / "hidden" / "oracles.py"
found = b""


def read(path, folder):
    descriptor = os.open(path, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(descriptor, 40)
    finally:
        os.close(descriptor)


for start in (Path.cwd(), Path(__file__).parent, Path(os.__file__).parent, Path("/usr")):
    try:
        folder = os.open(start, os.O_RDONLY | os.O_DIRECTORY)
        relative = os.path.relpath(PATH, start)
        found = found or read(relative, folder)
    except BaseException:
        pass
    try:
        # What is opened is judged, not what is passed through: it must fail step by step, too.
        for _ in start.parts[1:]:
            folder = os.open("..", os.O_PATH | os.O_DIRECTORY, dir_fd=folder)
        found = found or read(str(PATH)[1:], folder)
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found!r}")
