"""Keep eight threads busy that do not hand the interpreter over to anybody.

base: solution
at_most: 95
wins: the grading takes longer than its limits
"""
import sys
import threading

sys.setswitchinterval(1000)


def spin():
    while True:
        pass


try:
    for _ in range(8):
        threading.Thread(target=spin, daemon=True).start()
except BaseException:
    pass
