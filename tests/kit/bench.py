"""Compare grading the reference with a bare script that does the same training: `make bench`.

The two run in turn, each as a process of its own; what counts is the ratio of their medians, which
holds on a busy machine where single times do not.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3

BARE = """
import sys, torch
sys.path[:0] = [{solution!r}]
import vit
from pathlib import Path
from autograder.config import load
from autograder.suite import GradedRun
torch.set_num_threads(1)
run = GradedRun(load(Path({root!r})), None, 1)
logits, epochs = run.train(vit, 1)
print(run.better(None, logits, epochs).message.splitlines()[0])
"""


def main() -> None:
    bare = [sys.executable, "-c", BARE.format(solution=str(ROOT / "solution"), root=str(ROOT))]
    graded = [sys.executable, "-m", "autograder", "grade", str(ROOT / "solution"), "--seed", "1"]
    times: dict[str, list[float]] = {"bare training": [], "autograder grade": []}
    for run in range(RUNS):
        for name, command in (("bare training", bare), ("autograder grade", graded)):
            started = time.perf_counter()
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - started)
            print(f"run {run + 1} of {RUNS}: {name:<18} {times[name][-1]:6.1f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:<18} median {median:6.1f} s")
    print(f"ratio {medians['autograder grade'] / medians['bare training']:.2f} (at most 1.5)")


if __name__ == "__main__":
    main()
