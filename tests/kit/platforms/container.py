"""Imitate a grading container: an /autograder tree in a mount namespace of its own, and limits.

What Gradescope does with a zip is done for real: it is unpacked, setup.sh is run once, and for every
submission the folders are made anew and run_autograder is called. Orders are lines of JSON on stdin,
answers lines of JSON on stdout. Only root can do this, and on Linux only.

    unshare --mount --propagation private python tests/kit/platforms/container.py ZIP
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = Path("/autograder")
GROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000  # microseconds


def unpack(archive: Path) -> None:
    """Make a fresh /autograder with the zip's content in source/, as the platform does."""
    HOME.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(HOME)], check=True)
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            path = Path(opened.extract(entry, HOME / "source"))
            path.chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(HOME / "source" / "run_autograder", HOME / "run_autograder")


def set_up() -> dict[str, Any]:
    """Run setup.sh."""
    started = time.monotonic()
    run = subprocess.run(
        ["bash", str(HOME / "source" / "setup.sh")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = round(time.monotonic() - started, 1)
    return {"status": run.returncode, "said": run.stdout + run.stderr, "seconds": seconds}


def grade(submission: Path | None, metadata: dict[str, Any], limits: dict[str, float]) -> Any:
    """Run run_autograder on a submission; return what became of it."""
    for name in ("submission", "results"):
        shutil.rmtree(HOME / name, ignore_errors=True)
        (HOME / name).mkdir()
    if submission is not None:
        shutil.copytree(submission, HOME / "submission", dirs_exist_ok=True)
    (HOME / "submission_metadata.json").write_text(json.dumps(metadata))
    started = time.monotonic()
    with limited(**limits) as (enter, used):
        run = subprocess.run(
            [str(HOME / "run_autograder")], cwd=HOME, preexec_fn=enter,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    return {
        "status": run.returncode,
        "said": run.stdout + run.stderr,
        "seconds": round(time.monotonic() - started, 1),
        "used": used,
        "results": json.loads((HOME / "results" / "results.json").read_text()),
    }


@contextlib.contextmanager
def limited(cpus: float = 0, memory_mb: float = 0) -> Iterator[Any]:
    """Yield what enters a control group with these limits, and what it has used afterwards."""
    used: dict[str, float] = {}
    if not memory_mb:
        yield None, used
        return
    group = _Group(f"kit-{os.getpid()}")
    group.limit(cpus, int(memory_mb) << 20)
    try:
        yield group.enter, used
        used |= group.used()
    finally:
        group.remove()


class _Group:
    """A control group, of whichever version this machine has."""

    def __init__(self, name: str) -> None:
        self._version_2 = (GROUPS / "cgroup.controllers").exists()
        kinds = [""] if self._version_2 else ["memory", "cpu", "cpuacct"]
        self._folders = {kind: GROUPS / kind / name for kind in kinds}
        for folder in self._folders.values():
            folder.mkdir()

    def _file(self, kind: str, name: str) -> Path:
        return self._folders["" if self._version_2 else kind] / name

    def limit(self, cpus: float, memory: int) -> None:
        share = int(cpus * PERIOD)
        if self._version_2:
            self._file("memory", "memory.max").write_text(str(memory))
            self._file("cpu", "cpu.max").write_text(f"{share} {PERIOD}")
        else:
            self._file("memory", "memory.limit_in_bytes").write_text(str(memory))
            self._file("cpu", "cpu.cfs_period_us").write_text(str(PERIOD))
            self._file("cpu", "cpu.cfs_quota_us").write_text(str(share))

    def enter(self) -> None:
        for folder in self._folders.values():
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def used(self) -> dict[str, float]:
        if self._version_2:
            peak = int(self._file("memory", "memory.peak").read_text())
            lines = self._counts("cpu", "cpu.stat")
            events = self._counts("memory", "memory.events")
            return {"peak_mb": peak >> 20, "cpu_seconds": int(lines["usage_usec"]) / 1e6,
                    "killed": int(events["oom_kill"])}  # fmt: skip
        peak = int(self._file("memory", "memory.max_usage_in_bytes").read_text())
        control = self._counts("memory", "memory.oom_control")
        return {"peak_mb": peak >> 20, "killed": int(control["oom_kill"]),
                "cpu_seconds": int(self._file("cpuacct", "cpuacct.usage").read_text()) / 1e9,
                }  # fmt: skip

    def _counts(self, kind: str, name: str) -> dict[str, str]:
        return dict(line.split() for line in self._file(kind, name).read_text().splitlines())

    def remove(self) -> None:
        for folder in self._folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()


class Container:
    """The process that imitates a container, from outside. Orders go in, answers come out."""

    def __init__(self, archive: Path) -> None:
        own = ["unshare", "--mount", "--propagation", "private", sys.executable, __file__]
        self._process = subprocess.Popen(
            [*own, str(archive)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def set_up(self) -> Any:
        return self._ask(set_up=True)

    def use(self, environment: Path) -> None:
        """Use a virtual environment that is there already."""
        self._ask(link=str(environment))

    def grade(self, submission: Path | None, metadata: Any = None, limits: Any = None) -> Any:
        place = str(submission) if submission else ""
        return self._ask(submission=place, metadata=metadata or {}, limits=limits or {})

    def _ask(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def can_limit() -> bool:
    """Whether control groups can be made here."""
    try:
        with limited(cpus=1, memory_mb=1000):
            return True
    except OSError:
        return False


def main() -> None:
    unpack(Path(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("set_up"):
            answer = set_up()
        elif "link" in order:
            (HOME / "venv").symlink_to(order["link"])
            answer = {}
        else:
            submission = Path(order["submission"]) if order["submission"] else None
            answer = grade(submission, order.get("metadata", {}), order.get("limits", {}))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
