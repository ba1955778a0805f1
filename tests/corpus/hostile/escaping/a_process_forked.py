"""Start processes with os, pty and multiprocessing.

base: solution
earns: 95
wins: a process was started
"""
import multiprocessing
import os
import pty

found = []
first = os.getpid()


def by_multiprocessing():
    process = multiprocessing.get_context("fork").Process(target=os.getpid)
    process.start()
    return process.pid


for start in (os.fork, os.forkpty, pty.fork, by_multiprocessing):
    try:
        found.append(f"{start.__name__}: {start()}")
    except BaseException:
        pass
    if os.getpid() != first:
        os._exit(0)
if found:
    raise RuntimeError(f"WON: {found}")
