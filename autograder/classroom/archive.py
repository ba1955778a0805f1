"""Unpack the zip of a whole class, whatever students have put into it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
import zipfile
from pathlib import Path, PurePosixPath

from autograder.errors import KitError
from autograder.submission import (
    DRIVE,
    MOST_BYTES,
    MOST_OF_NOTEBOOK,
    MOST_OF_ZIP,
    NOT_SUBMITTED,
)
from checks.plain import plain_line

STEP = 1 << 20  # bytes that are copied at a time
# The most bytes of what is read, by its suffix: submissions, and what Gradescope tells of them.
READ = {".zip": MOST_OF_ZIP, ".py": MOST_BYTES, ".ipynb": MOST_OF_NOTEBOOK, ".yml": MOST_OF_ZIP}
FULL = (errno.ENOSPC, errno.EDQUOT)


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack a zip into a folder; return the names of what cannot be unpacked.

    No path leads out of the folder. Raises KitError if it is no zip, or if there is no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left_out = []
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                inside = PurePosixPath(entry.filename.replace("\\", "/"))
                if any(part in NOT_SUBMITTED for part in inside.parts):
                    continue
                if not _unpacked(opened, entry, inside, folder):
                    left_out.append(plain_line(entry.filename))
    except zipfile.BadZipFile as error:
        raise KitError(str(archive), f"this is no zip that can be opened ({error})",
                       "download it again, or name a folder") from None  # fmt: skip
    return left_out


def _unpacked(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, inside: PurePosixPath, folder: Path
) -> bool:
    """Unpack one entry; return whether that was possible."""
    if inside.is_absolute() or ".." in inside.parts or not inside.parts:
        return False
    if DRIVE.match(inside.parts[0]) or stat.S_ISLNK(entry.external_attr >> 16):
        return False
    place = folder / inside
    try:
        if entry.is_dir():  # an empty one is a submission, too
            place.mkdir(parents=True, exist_ok=True)
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(opened, entry, place)
    except OSError as error:
        if error.errno in FULL:
            raise KitError(str(folder), f"the zip cannot be unpacked: {error.strerror}",
                           "make room, or set TMPDIR to another folder") from None  # fmt: skip
        return False
    except Exception:  # zipfile and zlib raise a dozen kinds for a damaged entry
        place.unlink(missing_ok=True)  # half a file is not what was handed in
        return False
    return True


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    """Write one file, and no more of it than it takes to be refused as too large.

    Of a file that nobody reads, that it is there is all that is ever told.
    """
    with opened.open(entry) as packed, place.open("wb") as file:
        left = READ.get(place.suffix.lower(), -1) + 1
        while left > 0 and (piece := packed.read(min(STEP, left))):
            left -= file.write(piece)
    with contextlib.suppress(ValueError, OverflowError):  # a date that there is not
        changed = time.mktime((*entry.date_time, 0, 0, -1))
        os.utime(place, (changed, changed))
