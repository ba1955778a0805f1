"""Start threads that sleep until no more can be started.

base: solution
at_most: 95           # 10 if the process is killed for it
wins: the machine runs out of threads, or the grader cannot start one
"""
import threading
import time

try:
    for _ in range(20_000):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except BaseException:
    pass
