"""Leave a process behind, with a session of its own, that sleeps for ten minutes.

base: solution
earns: 95
wins: the process survives
"""
import os
import time

try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
except BaseException:
    pass
