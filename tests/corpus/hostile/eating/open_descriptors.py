"""Open files until no more can be opened, and keep them.

base: solution
at_most: 95           # what comes after it may need a descriptor
wins: the machine runs out of open files, or the grader cannot open one
"""
import os

kept = []
try:
    while len(kept) < 1 << 20:
        kept.append(os.open(os.devnull, os.O_RDONLY))
except BaseException:
    pass
