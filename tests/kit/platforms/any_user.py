"""Let any user run this Python in a mount namespace, also where it lies in a folder of root's."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

BESIDE = Path("/mnt")


def steps() -> Iterator[str]:
    """Yield what a shell is to do, as root, in a mount namespace of its own."""
    places = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
    closed = [(place, folder) for place in places if (folder := _closed(place))]
    if not closed:
        return
    yield f"mount -t tmpfs tmpfs {BESIDE}"
    for number, (place, _) in enumerate(closed):
        yield f"mkdir {BESIDE / str(number)} && mount --rbind '{place}' {BESIDE / str(number)}"
    for folder in {folder for _, folder in closed}:
        yield f"mount -t tmpfs -o mode=755 tmpfs '{folder}'"
    for number, (place, _) in enumerate(closed):
        yield f"mkdir -p '{place}' && mount --rbind {BESIDE / str(number)} '{place}'"


def _closed(place: Path) -> Path | None:
    """Return the topmost folder above a place that only its owner may enter."""
    above = reversed(place.parents)
    return next((folder for folder in above if not folder.stat().st_mode & stat.S_IXOTH), None)
