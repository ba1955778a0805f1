"""Grade as Otter does: a real `otter run`."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.platforms.five import Points
from kit.workbench import PATIENCE

INSTALLED = importlib.util.find_spec("otter") is not None
SHADOWS = ("otter", "nbformat", "dill", "sitecustomize", "IPython", "json")


@contextlib.contextmanager
def there(archive: Path, place: Path) -> Iterator[Callable[[Path | None], Points]]:
    """Yield what grades a submission, handed in as a zip with modules that would take Otter over."""
    if not INSTALLED:
        pytest.skip("the extra [otter] is not installed")
    number = 0

    def grade(submission: Path | None) -> Points:
        nonlocal number
        number += 1
        handed_in = place / f"in-{number}" / "files"
        if submission is None:
            handed_in.mkdir(parents=True)
        else:
            shutil.copytree(submission, handed_in)
        take_over(handed_in)
        # At the top of a zip, a student's notebook would be one too many: so the folder itself.
        whole = any(handed_in.glob("*.ipynb"))
        top, inner = (handed_in.parent, handed_in.name) if whole else (handed_in, None)
        zipped = shutil.make_archive(str(place / f"in-{number}"), "zip", top, inner)
        rows = otter_run(archive, Path(zipped), place / f"out-{number}")
        return {row["name"]: row["score"] for row in rows}

    yield grade


def take_over(folder: Path) -> None:
    """Put modules beside a submission that Otter would import instead of its own."""
    for name in SHADOWS:
        (folder / f"{name}.py").write_text("raise SystemExit('taken over')\n")


def otter_run(archive: Path, handed_in: Path, out: Path) -> list[dict[str, Any]]:
    """Return the rows of the questions that `otter run` writes."""
    out.mkdir(parents=True)
    told = subprocess.run(
        [sys.executable, "-m", "otter", "run", "-a", archive, "-o", out, handed_in],
        cwd=out, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    rows: list[dict[str, Any]] = json.loads((out / "results.json").read_text())["tests"]
    return rows[1:]
