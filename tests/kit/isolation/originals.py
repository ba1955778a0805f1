"""Take out what is forbidden, as a worker does, and print every original that is still there.

It changes the process that it runs in for good: `python tests/kit/isolation/originals.py`.
"""

import contextlib
import functools
import gc
import types
from pathlib import Path

import torch
import torch._dynamo

from autograder.assignment.config import load
from autograder.isolation.worker import blocked
from autograder.isolation.worker.blocked import MADE_AND_RUN, OPERATORS, Block
from checks.code.forbidden import matches

ROOT = Path(__file__).resolve().parents[3]
OURS = "blocked.py"
SHARED = (
    contextlib.__file__,
    functools.__file__,
)  # of decorators: what they decorate shares it
GOES_ON = ("Tracer", "Autocast", "debug")  # what only hands over to the next one, and a remark


def code_of(thing):
    """Yield the code of a function of Python's, and of what it wraps."""
    thing = getattr(thing, "__func__", thing)
    while thing is not None:
        if isinstance(thing, types.FunctionType) and thing.__code__.co_filename not in SHARED:
            yield thing.__code__
        thing = getattr(thing, "__wrapped__", None)


def codes_of(forbidden):
    found = {}
    for entry in forbidden:
        for pattern in entry.calls:
            for full, thing in [] if pattern.startswith(OPERATORS) else matches(pattern):
                is_class = isinstance(thing, type)
                for one in [vars(thing).get(n) for n in MADE_AND_RUN] if is_class else [thing]:
                    found |= dict.fromkeys(code_of(one), full)
    return found


def kernels_of(name):
    """Yield the kernels of an operator that the dispatcher would still run."""
    for line in torch._C._dispatch_dump(f"aten::{name}").splitlines():
        key, _, rest = line.partition(": registered at ")
        if rest and "inactive" not in line and OURS not in rest and not key.startswith(GOES_ON):
            yield f"aten::{name} for {key}"


def main():
    forbidden = load(ROOT).forbidden
    codes = codes_of(forbidden)
    blocked.prepare(forbidden)
    Block(forbidden).enforce()
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType) and one.__code__ in codes:
            print(f"{codes[one.__code__]}: {one}")
    operators = [pattern.removeprefix(OPERATORS) for entry in forbidden for pattern in entry.calls
                 if pattern.startswith(OPERATORS)]  # fmt: skip
    names = [name for pattern in operators for name in blocked._operators(pattern)]
    for name in names:
        print(*kernels_of(name), sep="\n", end="")
    print(f"{len(codes)} functions and {len(names)} operators looked for")


if __name__ == "__main__":
    main()
