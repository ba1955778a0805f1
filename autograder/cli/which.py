"""Say which kit a command works on, where the current folder does not say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from autograder import __version__

PROGRAM = Path(__file__).resolve().parents[2]
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def which(root: Path, here: Path) -> Iterator[str]:
    """Yield what is not plain from the current folder: a kit elsewhere, a program of another kit."""
    if root not in (here, *here.parents):
        yield f"The kit is {root}, version {version(root)}: there is none in {here} or above."
    if root != PROGRAM:
        yield (
            f"This program is that of {PROGRAM}, version {__version__}, and the kit that of {root}, "
            f"version {version(root)}. Its own is {root / '.venv/bin/autograder'}, after `make`."
        )


def version(root: Path) -> str:
    """Return the version of the kit in a folder, without running what is in it."""
    try:
        text = (root / "autograder" / "__init__.py").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = VERSION.search(text)
    return found[1] if found else "unknown"
