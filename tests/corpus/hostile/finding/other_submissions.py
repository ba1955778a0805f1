"""Read other students' files in the folders for temporary files.

base: solution
earns: 95
wins: a file that is neither its own nor anybody's to read is in its hands
"""
import os
from itertools import islice
from pathlib import Path

OWN = [Path(__file__).resolve().parent, Path.cwd(), Path(os.environ.get("HOME", "/nowhere"))]
FOLDERS = ["/tmp", "/var/tmp", "/dev/shm", "/autograder/submission", "/home", *OWN[0].parents[:2]]
found = ""


def is_own(path):
    return any(path.is_relative_to(folder) for folder in OWN)


for folder in map(Path, FOLDERS):
    try:
        for path in islice(folder.glob("**/*.py"), 200):
            if not is_own(path.resolve()) and os.access(path, os.R_OK):
                found = found or f"{path}: {path.read_text()[:40]}"
    except BaseException:
        pass
if found:
    raise RuntimeError(f"WON: {found}")
