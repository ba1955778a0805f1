"""Kill its own process group, which may be the grader's as well.

base: skeleton
earns: 0
wins: no report
"""
import os
import signal

try:
    os.killpg(0, signal.SIGKILL)
except BaseException:
    pass
