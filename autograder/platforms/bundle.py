"""Write zips that are the same, byte for byte, whenever and wherever they are made."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import KitError
from autograder.formats.whole_files import write_whole

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
LONG_AGO_SECONDS = 315_532_800  # the same in a tar
UNIX = 3


@dataclass(frozen=True)
class File:
    """What lies in a zip: its content, and whether it is a program."""

    content: bytes
    runs: bool = False


@dataclass(frozen=True)
class Written:
    """A zip that was written."""

    path: Path
    size: int
    sha256: str


def zipped(files: Mapping[str, File]) -> bytes:
    """Return a zip of the files, in the order of their names, all of one date."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, file in sorted(files.items()):
            archive.writestr(_entry(name, file), file.content)
    return whole.getvalue()


def write_zip(files: Mapping[str, File], path: Path) -> Written:
    """Write a zip of the files. Raises KitError."""
    content = zipped(files)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KitError(str(path.parent), f"cannot be made: {error.strerror}",
                       "choose another folder with --out") from None  # fmt: skip
    write_whole(content, path)
    return Written(path, len(content), hashlib.sha256(content).hexdigest())


def tarred(files: Mapping[str, File]) -> bytes:
    """Return a tar of the files, a folder before what lies in it; any program reads it."""
    whole = io.BytesIO()
    folders = {str(folder) for name in files for folder in PurePosixPath(name).parents[:-1]}
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted([*files, *folders]):
            entry = tarfile.TarInfo(name)
            entry.mtime = LONG_AGO_SECONDS
            if name in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
                continue
            file = files[name]
            entry.mode, entry.size = 0o755 if file.runs else 0o644, len(file.content)
            archive.addfile(entry, io.BytesIO(file.content))
    return whole.getvalue()


def _entry(name: str, file: File) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.create_system = UNIX
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | (0o755 if file.runs else 0o644)) << 16
    return entry
