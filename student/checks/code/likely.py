"""Find which file was meant, where there is none of the right name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from checks.code.contract import NAMES, defined

ENDS = (".py", ".py.txt")  # an editor may hide the second half
MOST_LOOKED_AT = 50  # files
MOST_BYTES = 1 << 20
MOST_NAMED = 3


def meant_by(path: Path) -> list[str]:
    """Return the files beside a missing one that are called much like it, or define what it should."""
    found = [other.name for other in _beside(path) if _is_like(other, path)]
    return sorted(found, key=lambda name: (name.casefold() != path.name, name))[:MOST_NAMED]


def _beside(path: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        others = sorted(p for p in path.parent.iterdir() if p.name.casefold().endswith(ENDS))
        yield from (p for p in others[:MOST_LOOKED_AT] if p.name not in NAMES and p.is_file())


def _is_like(other: Path, path: Path) -> bool:
    if path.stem in other.name.casefold():
        return True
    with contextlib.suppress(OSError):
        if other.stat().st_size <= MOST_BYTES:
            text = other.read_text(encoding="utf-8", errors="replace")
            return bool(defined(text) & {*NAMES.get(path.name, ())})
    return False
