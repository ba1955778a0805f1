"""Allocate memory and write into it until there is no more.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: the machine runs out of memory, or the grader is killed
"""
chunks = []
try:
    while len(chunks) < 2000:  # 32 GB
        chunks.append(bytearray(b"x" * (16 << 20)))
except BaseException:
    pass
chunks.clear()
