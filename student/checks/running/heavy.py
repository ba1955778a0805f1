"""Import torch and numpy, which everything here needs, in little more than half the time it takes."""

from __future__ import annotations

import gc
import importlib

HEAVY = ("torch", "numpy", "numpy.random")


def import_heavy() -> None:
    """Import them without garbage collection, and have it never look at what is there by then.

    Else it goes through a few hundred thousand objects while they are made, at the end of pytest, and
    at the end of Python, and finds nothing: a module stays for as long as its process.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        for name in HEAVY:
            importlib.import_module(name)
    finally:
        if was_on:
            gc.enable()
    gc.freeze()
