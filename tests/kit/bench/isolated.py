"""Measure what the confinement costs: a fresh worker, a call, a batch of digits there and back."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import torch

from autograder.assignment.config import load
from autograder.isolation.clock import Deadline
from autograder.isolation.forks import ForkServer, Staged
from autograder.isolation.remote import Proxy, RemoteTransport
from autograder.isolation.worker import wire
from autograder.isolation.workers import Worker
from kit.bench.figures import Figure
from kit.bench.processes import cost_of
from kit.bench.yardsticks import ROUND_TRIP, round_trip, seconds
from kit.workbench import ROOT

RUNS, WORKERS, CALLS, BATCHES = 3, 40, 2000, 40
EMPTY = "def nothing(x=None):\n    return None\n\n\ndef same(x):\n    return x\n"
COLD = "import torch, torch._dynamo, autograder.isolation.worker.serve"


def workers() -> list[Figure]:
    """Compare a fresh, confined worker with a Python that imports what it needs."""
    assignment = load(ROOT)
    cold = [cost_of([sys.executable, "-I", "-B", "-c", COLD], ROOT) for _ in range(RUNS)]
    server = ForkServer()
    with tempfile.TemporaryDirectory() as folder:
        staged = Staged(Path(folder) / "files", {}, assignment.forbidden)
        staged.folder.mkdir()

        def fresh() -> None:
            worker = Worker(server, staged, assignment.settings.limits)
            worker.ask(wire.NewTest(1, 10.0), {}, Deadline.within(60), "the start")
            alive.append(worker)

        alive: list[Worker] = []
        times = []
        for _ in range(WORKERS):
            times.append(seconds(fresh))
            alive.pop().end()
    server.close()
    slow = statistics.median(cost.seconds for cost in cold)
    value = 1000 * statistics.median(times[1:]) / slow
    return [Figure(name="a fresh worker, every layer in force", value=value,
                   unit="thousandths of a cold start")]  # fmt: skip


def calls() -> list[Figure]:
    """Compare a small call and a batch of digits with bare round trips of as many bytes."""
    assignment, server = load(ROOT), ForkServer()
    with tempfile.TemporaryDirectory() as folder:
        staged = Staged(Path(folder) / "files", {"vit": "vit.py"})
        staged.folder.mkdir()
        (staged.folder / "vit.py").write_text(EMPTY)
        transport = RemoteTransport(server, staged, assignment.settings.limits)
        transport.begin("q1", 1, trains=True)
        vit: Proxy = transport.module("vit")
        batch = torch.randn(2000, 1, 28, 28)
        small = statistics.median(seconds(vit.nothing) for _ in range(CALLS))
        large = statistics.median(seconds(lambda: vit.same(batch)) for _ in range(BATCHES))
        transport.close()
    server.close()
    bare_small = round_trip(bytes(64), CALLS)
    bare_large = round_trip(bytes(batch.numel() * batch.element_size()), BATCHES)
    return [
        Figure(name="a small call", value=small / bare_small, unit=ROUND_TRIP),
        Figure(name="2,000 digits there and back", value=large / bare_large, unit=ROUND_TRIP),
    ]
