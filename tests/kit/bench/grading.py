"""Measure what grading costs beside what it grades: `make bench`.

Whatever is compared runs in turn, and what counts is the ratio of medians, which holds on a busy
machine where single times do not.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

from autograder.assignment.config import Assignment, load
from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.remote import Proxy, RemoteTransport
from autograder.isolation.worker import wire
from autograder.isolation.workers import Worker
from autograder.platforms.build import build
from kit.platforms.container import Container, can_limit, limited

ROOT = Path(__file__).resolve().parents[3]
RUNS = 3
WORKERS, CALLS, BATCHES = 40, 2000, 40
EMPTY = "def nothing(x=None):\n    return None\n\n\ndef same(x):\n    return x\n"
BARE = """
import sys, torch
sys.path[:0] = [{solution!r}]
import vit
from pathlib import Path
from autograder.assignment.config import load
from autograder.grading.accuracy import GradedRun
torch.set_num_threads(1)
run = GradedRun(load(Path({root!r})), None, 1)
logits, epochs = run.train(vit, 1)
print(run.better(None, logits, epochs).message.splitlines()[0])
"""


def main() -> None:
    assignment = load(ROOT)
    workers(assignment)
    calls(assignment)
    memory(assignment)
    gradings()
    platforms(assignment)


def workers(assignment: Assignment) -> None:
    """Compare a fresh, confined worker with a Python that imports torch."""
    cold = [_seconds(_cold_start) for _ in range(RUNS)]
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
            times.append(_seconds(fresh))
            alive.pop().end()
    server.close()
    slow, quick = statistics.median(cold), statistics.median(times[1:])
    print(f"a cold start {1e3 * slow:.0f} ms, a fresh worker with every layer {1e3 * quick:.1f} ms: "
          f"ratio {slow / quick:.0f} (at least 50)", flush=True)  # fmt: skip


def _cold_start() -> None:
    imports = "import torch, torch._dynamo, autograder.isolation.worker.serve"
    subprocess.run([sys.executable, "-I", "-B", "-c", imports], check=True)


def calls(assignment: Assignment) -> None:
    """Measure a small call, and the throughput of a batch of digits there and back."""
    server = ForkServer()
    with tempfile.TemporaryDirectory() as folder:
        staged = Staged(Path(folder) / "files", {"vit": "vit.py"})
        staged.folder.mkdir()
        (staged.folder / "vit.py").write_text(EMPTY)
        transport = RemoteTransport(server, staged, assignment.settings.limits)
        transport.begin("q1", 1, trains=True)
        vit: Proxy = transport.module("vit")
        batch = torch.randn(2000, 1, 28, 28)
        small = statistics.median(_seconds(vit.nothing) for _ in range(CALLS))
        large = statistics.median(_seconds(lambda: vit.same(batch)) for _ in range(BATCHES))
        transport.close()
    server.close()
    rate = 2 * batch.numel() * batch.element_size() / large / 1e6
    print(f"a small call {1e6 * small:.0f} us (at most 200); 2000x1x28x28 floats there and back "
          f"{rate:.0f} MB/s (at least 300)", flush=True)  # fmt: skip


def memory(assignment: Assignment) -> None:
    """Measure the peak of all processes' memory while the reference is graded."""
    peak, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            peak = max(peak, sum(map(proportional_mb, family(process.pid))))

    command = [sys.executable, "-m", "autograder", "grade", str(assignment.solution), "--seed", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    over.set()
    watcher.join()
    print(f"peak memory (PSS) of the whole tree {peak:.0f} MB (at most 600)", flush=True)


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, directly or not."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            children = []
        waiting += map(int, children)
    return found


def proportional_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has just ended
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, flags=re.M)
    return int(found[1]) / 1024 if found else 0.0


def gradings() -> None:
    """Compare grading the reference with a bare script that does the same training."""
    bare = [sys.executable, "-c", BARE.format(solution=str(ROOT / "solution"), root=str(ROOT))]
    graded = [sys.executable, "-m", "autograder", "grade", str(ROOT / "solution"), "--seed", "1"]
    times: dict[str, list[float]] = {"bare training": [], "autograder grade": []}
    for run in range(RUNS):
        for name, command in (("bare training", bare), ("autograder grade", graded)):
            seconds = _seconds(
                lambda command=command: subprocess.run(
                    command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL
                )
            )
            times[name].append(seconds)
            print(f"run {run + 1} of {RUNS}: {name:<18} {seconds:6.1f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["autograder grade"] / medians["bare training"]
    listed = ", ".join(f"{name} {median:.1f} s" for name, median in medians.items())
    print(f"medians: {listed}; ratio {ratio:.2f} (at most 1.5)")


def platforms(assignment: Assignment) -> None:
    """Compare what the reference costs in a Gradescope tree and with `otter run`."""
    if os.geteuid() != 0 or not can_limit() or not importlib.util.find_spec("otter"):
        print("platforms: not measured, without root, control groups and the extra [otter]")
        return
    everything = {"cpus": float(os.cpu_count() or 1), "memory_mb": 16_000.0}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        zips = {b.artefact.name: b.zip.path
                for b in build(assignment, ["gradescope", "otter"], place)}  # fmt: skip
        with Container(zips["gradescope"]) as container:
            container.use(Path(sys.prefix))
            ours = container.grade(assignment.solution, limits=everything)["used"]
        handed_in = shutil.make_archive(str(place / "solution"), "zip", assignment.solution)
        otter = [sys.executable, "-m", "otter", "run", "-a", zips["otter"], "-o", place, handed_in]
        with limited(**everything) as (enter, theirs):
            subprocess.run(otter, cwd=place, preexec_fn=enter, check=True, capture_output=True)
    for name, used in (("Gradescope's tree", ours), ("otter run", theirs)):
        print(f"{name:<18} peak memory {used['peak_mb']:.0f} MB, {used['cpu_seconds']:.1f} CPU s")
    print(f"ratio of CPU seconds {ours['cpu_seconds'] / theirs['cpu_seconds']:.2f}")


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
