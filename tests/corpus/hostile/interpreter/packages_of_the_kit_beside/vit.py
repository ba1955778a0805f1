"""Bring packages called checks, autograder and hidden, and a digits.py of its own.

base: solution
earns: 95
wins: one of them is imported instead of the kit's
"""
import importlib
import sys

sys.path.insert(0, __file__.rpartition("/")[0])
for name in ("digits", "hidden", "checks.words.compare", "checks.words.marks", "autograder.grading.report"):
    try:
        module = importlib.import_module(name)
    except BaseException:
        continue
    if hasattr(module, "brought_by_a_student"):
        raise RuntimeError(f"WON: {name} was imported from the submission")
sys.path.pop(0)
