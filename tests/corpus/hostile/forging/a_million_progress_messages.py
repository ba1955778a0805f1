"""Report progress a million times instead of answering.

base: skeleton
earns: 0
wins: the grader is busy for longer than its limits, or its memory or screen fills up
"""
try:
    from autograder.isolation.worker import progress

    for number in range(1_000_000):
        progress.report_progress(number, -1, "still working " * 10)
except BaseException:
    pass
