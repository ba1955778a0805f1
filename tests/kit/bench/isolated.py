"""Measure what the confinement costs: a fresh worker, a call, a batch of digits there and back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from autograder.assignment.config import load
from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.remote import Proxy, RemoteTransport
from autograder.isolation.worker import wire
from autograder.isolation.workers import Worker
from kit.bench.figures import Figure
from kit.bench.yardsticks import FORK, ROUND_TRIP, another_process, fork, seconds, undisturbed
from kit.workbench import ROOT

WORKERS, CALLS, BATCHES = 40, 2000, 40
EMPTY = "def nothing(x=None):\n    return None\n\n\ndef same(x):\n    return x\n"


def workers() -> list[Figure]:
    """Compare a fresh, confined worker with a bare fork of this process, which has torch as well."""
    assignment, server = load(ROOT), ForkServer()
    with tempfile.TemporaryDirectory() as folder:
        staged = Staged(Path(folder) / "files", {}, assignment.forbidden)
        staged.folder.mkdir()

        def fresh() -> None:
            worker = Worker(server, staged, assignment.settings.limits)
            worker.ask(wire.NewTest(1, 10.0), {}, Deadline.within(60), "the start")
            alive.append(worker)

        alive: list[Worker] = []
        times, forks = [], []
        for _ in range(WORKERS):
            times.append(seconds(fresh))
            alive.pop().end()
            forks.append(seconds(fork))
    server.close()
    value = undisturbed(times) / undisturbed(forks)
    return [Figure(name="a fresh worker, every layer in force", value=value, unit=FORK)]


def calls() -> list[Figure]:
    """Compare a small call and a batch of digits with bare round trips of as many bytes."""
    assignment, server = load(ROOT), ForkServer()
    batch = torch.randn(2000, 1, 28, 28)
    sent = bytes(batch.numel() * batch.element_size())
    with tempfile.TemporaryDirectory() as folder, another_process() as round_trip:
        staged = Staged(Path(folder) / "files", {"vit": "vit.py"})
        staged.folder.mkdir()
        (staged.folder / "vit.py").write_text(EMPTY)
        transport = RemoteTransport(server, staged, assignment.settings.limits)
        transport.begin("q1", 1, trains=True)
        vit: Proxy = transport.module("vit")
        small = _beside(CALLS, vit.nothing, lambda: round_trip(bytes(64)))
        large = _beside(BATCHES, lambda: vit.same(batch), lambda: round_trip(sent))
        transport.close()
    server.close()
    return [
        Figure(name="a small call", value=small, unit=ROUND_TRIP),
        Figure(name="2,000 digits there and back", value=large, unit=ROUND_TRIP),
    ]


def _beside(times: int, run: Callable[[], object], yardstick: Callable[[], object]) -> float:
    """Return how many times a yardstick something takes, both in turn."""
    rounds = [(seconds(run), seconds(yardstick)) for _ in range(times)]
    measured, bare = zip(*rounds, strict=True)
    return undisturbed(list(measured)) / undisturbed(list(bare))
