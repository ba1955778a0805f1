"""Replace the measurements by ones that return numbers, text or nothing, whatever is asked for.

base: skeleton
earns: 0
wins: points without code, no report, or a fault that is taken for the grader's own
"""
import itertools

try:
    from checks.beside.measurement import MEASUREMENTS

    junk = itertools.cycle((3, "yes", None, [], {}, [[[]]], float("nan")))
    for name in MEASUREMENTS:
        MEASUREMENTS[name] = lambda *_, **__: next(junk)
except BaseException:
    pass
