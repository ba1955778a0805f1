"""Fork, and fork again in every child, up to a thousand processes.

base: solution
earns: 95
wins: a process was started, or survives
"""
import os
import time

started = 0
first = os.getpid()
for _ in range(10):
    try:
        os.fork()
        started += 1
    except BaseException:
        pass
if os.getpid() != first:
    time.sleep(60)
    os._exit(0)
if started:
    raise RuntimeError(f"WON: {started} forks")
