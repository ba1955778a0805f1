"""What figures are told in: plain things that do nothing of the kit's, measured in the same run."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from kit.bench.processes import Cost, cost_of
from kit.workbench import ROOT

IMPORT = "x import torch"
COMPUTATION = "x the yardstick computation"
FORK = "x a bare fork"
ROUND_TRIP = "x a bare round trip"
# On one thread, as grading is: small products and a softmax, forwards and backwards.
COMPUTE = """
import torch
torch.set_num_threads(1)
torch.manual_seed(0)
weights = [torch.randn(64, 64, requires_grad=True) for _ in range(4)]
x = torch.randn(128, 50, 64)
for _ in range(60):
    y = x
    for weight in weights:
        y = y + torch.softmax(y @ weight @ y.transpose(1, 2) / 64, dim=-1) @ y
    y.square().mean().backward()
"""


def import_torch(*, watch: bool = False) -> Cost:
    """Return what `import torch` costs a Python of its own."""
    return cost_of([sys.executable, "-c", "import torch"], ROOT, watch=watch)


def computation() -> Cost:
    """Return what a fixed computation costs, beside which training is told."""
    return cost_of([sys.executable, "-c", COMPUTE], ROOT)


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def fork() -> None:
    """Fork this process, and wait for the end of a child that does nothing."""
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


@contextlib.contextmanager
def another_process() -> Iterator[Callable[[bytes], object]]:
    """Yield what sends a message to another process and waits until it comes back."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_echo, args=(there,), daemon=True)
    process.start()

    def round_trip(message: bytes) -> bytes:
        here.send_bytes(message)
        return here.recv_bytes()

    yield round_trip
    here.send_bytes(b"")
    process.join()


def undisturbed(times: list[float]) -> float:
    """Return what a short call takes when nothing comes between: one in ten is quicker."""
    return statistics.quantiles(times, n=10)[0]


def _echo(there: Connection) -> None:
    while message := there.recv_bytes():
        there.send_bytes(message)
