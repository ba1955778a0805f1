"""Unpack the zip of a whole class, whatever students have put into it."""

from __future__ import annotations

import contextlib
import os
import stat
import time
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from autograder.classroom.finding.gradescope_export import METADATA
from autograder.classroom.finding.layouts import TIMESTAMP
from autograder.errors import KitError
from autograder.formats.whole_files import FULL
from autograder.submission import naming
from autograder.submission.archive import DRIVE
from autograder.submission.limits import MOST_BYTES, MOST_OF_NOTEBOOK, MOST_OF_ZIP, NOT_SUBMITTED
from checks.telling.plain import plain_line

# What is a submission by itself, and how much of it is ever read.
SINGLE = {".zip": MOST_OF_ZIP, ".py": MOST_BYTES, ".ipynb": MOST_OF_NOTEBOOK}
MOST = {METADATA: MOST_OF_ZIP, TIMESTAMP: MOST_BYTES}  # what platforms put beside it
STEP = 1 << 20  # bytes that are copied at a time
GROWTH, SLACK = 20, 1 << 30  # code shrinks to a fifth: what grows beyond these is made to do so


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack a zip into a folder; return the names of what cannot be unpacked.

    No path leads out of the folder. Of a file that is never opened there is only the name. Raises
    KitError if it is no zip, if there is no room, or if it holds far more than a class can.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left_out = []
    spelled: dict[str, str] = {}
    sizes: Counter[str] = Counter()  # by student, or by the folder around all and student
    left = GROWTH * archive.stat().st_size + SLACK
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                inside = PurePosixPath(entry.filename.replace("\\", "/"))
                if any(part in NOT_SUBMITTED for part in inside.parts):
                    continue
                taken = _would_be_anothers(inside, folder, spelled)
                size = None if taken else _unpacked(opened, entry, inside, folder)
                if size is None:
                    left_out.append(plain_line(entry.filename))
                    continue
                left -= size
                sizes["/".join(inside.parts[:2])] += size
                if left < 0:
                    raise _too_much(archive, sizes)
    except zipfile.BadZipFile as error:
        raise KitError(str(archive), f"this is no zip that can be opened ({error})",
                       "download it again, or name a folder") from None  # fmt: skip
    return left_out


def _too_much(archive: Path, sizes: Counter[str]) -> KitError:
    where, size = sizes.most_common(1)[0]
    whole = f"it unpacks to more than {sizes.total() >> 20} MB"
    return KitError(str(archive), f"{whole}, {size >> 20} MB of them in {plain_line(where)}",
                    "look at that, and name a zip or a folder without it")  # fmt: skip


def _would_be_anothers(inside: PurePosixPath, folder: Path, spelled: dict[str, str]) -> bool:
    """Whether this system takes a path for another one of the zip: anna/ for Anna/, say.

    Then one student's file would be laid over another's, or into their folder.
    """
    for part in (inside, *inside.parents):
        first = spelled.setdefault(naming.folded(str(part)), str(part))
        if first != str(part) and _is_one(folder / first, folder / part):
            return True
    return False


def _is_one(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one of them is not there, or cannot be
        return False


def _unpacked(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, inside: PurePosixPath, folder: Path
) -> int | None:
    """Unpack one entry; return how many bytes that makes, or None if it is not possible."""
    if inside.is_absolute() or ".." in inside.parts or not inside.parts:
        return None
    if DRIVE.match(inside.parts[0]) or stat.S_ISLNK(entry.external_attr >> 16):
        return None
    place = folder / inside
    try:
        if entry.is_dir():  # an empty one is a submission, too
            place.mkdir(parents=True, exist_ok=True)
            return 0
        place.parent.mkdir(parents=True, exist_ok=True)
        return _write(opened, entry, place)
    except OSError as error:
        if error.errno in FULL:
            raise KitError(str(folder), f"the zip cannot be unpacked: {error.strerror}",
                           "make room, or set TMPDIR to another folder") from None  # fmt: skip
        return None
    except Exception:  # zipfile and zlib raise a dozen kinds for a damaged entry
        return None


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> int:
    """Write one file; return its size, which is no more than it takes to be refused as too large."""
    most = _most(place.name)
    if most:
        _copy(opened, entry, place, most + 1)
    else:
        place.touch()
    with contextlib.suppress(ValueError, OverflowError):  # a date that there is not
        changed = time.mktime((*entry.date_time, 0, 0, -1))
        os.utime(place, (changed, changed))
    return place.stat().st_size


def _most(name: str) -> int:
    """Return how much of a file is ever read: nothing of most kinds."""
    single = (most for end, most in SINGLE.items() if name.lower().endswith(end))
    return MOST.get(name) or next(single, 0)


def _copy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, left: int) -> None:
    with opened.open(entry) as packed, place.open("wb") as file:
        try:
            while left > 0 and (piece := packed.read(min(STEP, left))):
                left -= file.write(piece)
        except Exception:  # a part of it would be graded as what the student has written
            place.unlink()
            raise
