"""Hold the locks that imports wait for, from a thread that never gives them back.

base: skeleton
earns: 0
wins: the grading takes longer than its limits
"""
import sys
import threading
import time


def hold():
    import _imp

    _imp.acquire_lock()
    for name in ("torch._dynamo", "tqdm", "hidden"):
        try:
            sys.modules.pop(name, None)
            importing = sys.modules["importlib._bootstrap"]._get_module_lock(name)
            importing.acquire()
        except BaseException:
            pass
    time.sleep(1000)


threading.Thread(target=hold).start()
time.sleep(0.1)
import matplotlib.pyplot  # noqa: E402, F401  a late import, which has to wait
