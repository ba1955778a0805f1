"""Look into a student's zip. Nothing is unpacked: the files that are wanted are read one by one."""

from __future__ import annotations

import mmap
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from autograder.errors import UnusableSubmission
from autograder.submission.limits import MOST_ENTRIES, MOST_OF_ZIP, most_of
from checks.telling.plain import plain_line

DRIVE = re.compile(r"^[A-Za-z]:")
# What Python unpacks as far as it is asked to; of the other kinds, all at once.
UNPACKED_IN_STEPS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ZIP_ENTRY = b"PK\x01\x02"  # begins every entry of a zip's directory


def is_one(path: Path) -> bool:
    """Whether a file is a zip, or says so."""
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


def opened(path: Path) -> zipfile.ZipFile:
    """Open a zip. Raises UnusableSubmission if it is damaged, or larger than any honest one."""
    name = plain_line(path.name)
    if path.stat().st_size > MOST_OF_ZIP:
        raise UnusableSubmission(
            f"{plain_line(name)} is larger than {MOST_OF_ZIP >> 20} MB. Hand in your code, without data."
        )
    if _more_entries_than(MOST_ENTRIES, path):
        raise UnusableSubmission(
            f"There are more than {MOST_ENTRIES} files in {name}: leave most out."
        )
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises half a dozen kinds for a damaged directory
        raise UnusableSubmission(
            f"{name} cannot be opened as a zip ({plain_line(str(error))}). "
            "Make it anew and hand it in again."
        ) from None


def _more_entries_than(most: int, path: Path) -> bool:
    """Whether a zip lists more files than this. Reading its directory would take memory for each."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = -1
        for _ in range(most + 1):
            place = content.find(ZIP_ENTRY, place + 1)
            if place < 0:
                return False
    return True


def entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the ordinary files of a zip by their paths. Raises UnusableSubmission for one outside.

    Of a path that is there more than once the last entry counts, as for whatever unpacks it.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")  # some Windows programs write backslashes
        inside = PurePosixPath(name)
        if entry.is_dir() or not inside.parts:
            continue
        if inside.is_absolute() or ".." in inside.parts or DRIVE.match(inside.parts[0]):
            raise UnusableSubmission(
                f"Your zip holds a path that leads out of it: {plain_line(name)!r}. Make it anew."
            )
        if not stat.S_ISLNK(entry.external_attr >> 16):
            found[inside.as_posix()] = entry
    return found


def twice(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the paths that more than one entry of a zip has."""
    counts = Counter(entry.filename.replace("\\", "/") for entry in archive.infolist())
    return frozenset(path for path, count in counts.items() if count > 1)


def reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    """Return what reads a file of a zip, though never much more of it than may be graded."""

    def read() -> bytes:
        name = plain_line(PurePosixPath(entry.filename.replace("\\", "/")).name)
        if entry.flag_bits & 0x1:
            raise UnusableSubmission(
                f"{name} in your zip is encrypted: make it without a password."
            )
        if entry.compress_type not in UNPACKED_IN_STEPS:
            raise UnusableSubmission(
                f"{name} in your zip is compressed in an unusual way: make an ordinary zip."
            )
        try:
            with archive.open(entry) as file:
                return file.read(most_of(entry.filename) + 1)
        except Exception as error:  # zipfile and zlib raise a dozen kinds for a damaged entry
            raise UnusableSubmission(
                f"{name} in your zip cannot be read ({plain_line(str(error))}). Make the zip anew."
            ) from None

    return read
