"""Print gigabytes on every stream there is.

base: solution
at_most: 95           # 10 if it takes too long
wins: the disk or the memory of the grader fills up, or no report
"""
import os
import sys

LINE = "x" * (1 << 20)

for _ in range(500):
    try:
        sys.stdout.write(LINE)
        sys.stderr.write(LINE)
        os.write(1, LINE.encode())
        os.write(2, LINE.encode())
    except BaseException:
        break
