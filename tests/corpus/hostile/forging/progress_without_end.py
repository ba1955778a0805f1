"""Keep reporting progress from a thread while nothing is ever answered.

base: skeleton
earns: 0
wins: each report puts the deadline off, or two senders break the grader's reading
"""
import threading
import time

try:
    from autograder.isolation.worker import progress

    def report():
        for number in range(10_000):
            progress.report_progress(number, 10_000, "training, loss 0.10")
            time.sleep(0.005)

    threading.Thread(target=report, daemon=True).start()
    time.sleep(1000)
except BaseException:
    pass
