"""Write a file whole or not at all: a reader never meets a half of it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from autograder.errors import KitError

FULL = (errno.ENOSPC, errno.EDQUOT)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a file of JSON, whole or not at all."""
    write_whole(as_json(content), path)


def as_json(content: Mapping[str, Any]) -> bytes:
    """Return JSON that a human can read."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def write_whole(content: bytes, path: Path) -> None:
    """Write the file whole or not at all: a reader never meets a half of it. Raises KitError."""
    path = path.absolute()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        remedy = (
            "make room" if error.errno in FULL else "name a folder that is there and can be written"
        )
        raise KitError(str(path), f"cannot be written: {error.strerror}", remedy) from None
