"""Grade as PrairieLearn does: a job's folder at /grade, in a mount namespace of its own.

What PrairieLearn's grader does is done for real: the question's tests and the handed-in files are
copied into the folder of a job, the entry point is started there, killed when the time is over, and
results.json is read only if it ended with 0. Only root can do this, and on Linux only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kit.platforms import any_user
from kit.platforms.as_gradescope import CAN_IMITATE, REASON
from kit.platforms.five import NOTHING, Points
from kit.workbench import PATIENCE, schema

GRADE = Path("/grade")
MOST_BYTES = 1 << 20
ORDINARY_USER = 1001  # "ag" in PrairieLearn's own images


@dataclass(frozen=True)
class Ended:
    """What PrairieLearn knows of a job.

    succeeded  whether it takes the results
    results    what it read, if so
    said       what the container printed
    """

    succeeded: bool
    results: Any
    said: str


def unpacked(archive: Path, place: Path) -> Path:
    """Lay a course out; return the question's folder."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    [question] = (place / "questions").iterdir()
    return question


def job(question: Path, submission: Path | None, place: Path) -> Path:
    """Make the folder of a job."""
    for name in ("serverFilesCourse", "shared", "student", "data"):
        (place / name).mkdir(parents=True)
    shutil.copytree(question / "tests", place / "tests")
    if submission is not None:
        shutil.copytree(submission, place / "student", dirs_exist_ok=True, symlinks=True)
    (place / "data" / "data.json").write_text(json.dumps({"params": {}, "gradable": True}))
    (place / "tests" / "run.sh").chmod(0o755)
    return place


def start(
    folder: Path, entry_point: str, user: int = 0, also: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start a container for a job; `also` is run in it before, as root."""
    GRADE.mkdir(exist_ok=True)
    steps = [f"mount --bind '{folder}' {GRADE}", *any_user.steps(), *also, 'exec "$@"']
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
         "--mount-proc", "sh", "-c", " && ".join(steps), "sh", *as_user, entry_point],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
        env={"PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"},
    )  # fmt: skip


def ended(process: subprocess.Popen[str], folder: Path, seconds: float = PATIENCE) -> Ended:
    """Wait for a job, and read what it leaves; kill it when the time is over."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
    place = folder / "results" / "results.json"
    if process.returncode != 0 or not place.is_file() or place.stat().st_size > MOST_BYTES:
        return Ended(False, None, said)
    results = json.loads(place.read_text())
    jsonschema.validate(results, schema("prairielearn"))
    return Ended(True, results, said)


def points(results: Any) -> Points:
    """Return the points by question: each row of the results is named after its test."""
    if not results["gradable"]:
        return NOTHING
    found: dict[str, float] = defaultdict(float)
    for test in results["tests"]:
        found[test["name"].split()[0].split(".")[0]] += test["points"]
    assert results["score"] == pytest.approx(sum(found.values()) / 100, abs=1e-9)
    return {name: round(earned, 9) for name, earned in found.items()}


@contextlib.contextmanager
def there(archive: Path, place: Path, user: int = 0) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a submission; None: no file was handed in."""
    if not CAN_IMITATE:
        pytest.skip(REASON)
    question = unpacked(archive, place / "course")
    options = json.loads((question / "info.json").read_text())["externalGradingOptions"]
    number = 0

    def grade(submission: Path | None) -> Points:
        nonlocal number
        number += 1
        folder = job(question, submission, place / f"job-{number}")
        if user:
            give(folder, user)
        told = ended(start(folder, options["entrypoint"], user), folder)
        assert told.succeeded, told.said
        return points(told.results)

    yield grade


def give(folder: Path, user: int) -> None:
    """Let a user own a folder and all in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
