"""Find the files in what was handed in: a folder, a zip, a .py or a .ipynb. Nothing is read yet."""

from __future__ import annotations

import codecs
import contextlib
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import KitError, UnusableSubmission
from autograder.submission import archive
from autograder.submission.limits import DEEPEST, MOST_ENTRIES, NOT_SUBMITTED, most_of
from checks.telling.plain import plain_line

Files = dict[str, Callable[[], bytes]]  # path inside the submission -> how to read it
HEAD = 1 << 16  # bytes, which tell what a file is
ZIP = b"PK"
KINDS = "name a folder, .zip, .py or .ipynb"


@dataclass(frozen=True)
class HandedIn:
    """What was handed in, still unread.

    files   how to read each, by its path inside
    what    what its author calls it: "your zip"
    script  whether it is one .py file and nothing else
    twice   the paths that it holds more than once, which no folder can
    """

    files: Files
    what: str
    script: bool = False
    twice: frozenset[str] = frozenset()


@contextlib.contextmanager
def handed_in(path: Path, first: str) -> Iterator[HandedIn]:
    """Yield the files that lie at the path, where `first` is the name of the one to look for.

    Raises KitError if there is nothing of this kind, and UnusableSubmission, with a message for the
    student, if it cannot be looked into.
    """
    must_exist(path)
    if path.is_dir():
        yield HandedIn(_in_folder(path, first), "your folder")
    elif not path.is_file():  # a pipe or a device would keep us waiting
        raise KitError(str(path), "this is no submission", KINDS)
    elif (kind := path.suffix.lower()) in (".py", ".ipynb"):
        yield HandedIn({path.name: _reader(path)}, "what you handed in", kind == ".py")
    elif archive.is_one(path):
        with archive.opened(path) as opened:
            files = {
                name: archive.reader(opened, entry)
                for name, entry in archive.entries(opened).items()
                if not is_clutter(Path(name).parts)
            }
            yield HandedIn(files, "your zip", twice=archive.twice(opened))
    else:
        raise KitError(str(path), "this is no submission", KINDS)


def fitting_name(path: Path, name: str, first: str) -> str:
    """Return the name that fits what a file holds, where a platform calls every file like a zip.

    What begins as a zip does stays one, though it be damaged: its author reads that it cannot be
    opened. Else it is a notebook, or a script: `first` is the name of the one to look for.
    """
    if Path(name).suffix.lower() in (".py", ".ipynb") or not path.is_file():
        return name
    with path.open("rb") as file:
        head = file.read(HEAD).removeprefix(codecs.BOM_UTF8)
    if head.startswith(ZIP) or zipfile.is_zipfile(path):
        return name if archive.is_one(path) else f"{Path(name).stem}.zip"
    return f"{Path(name).stem}.ipynb" if head.lstrip().startswith(b"{") else first


def must_exist(path: Path, remedy: str = KINDS) -> None:
    """Raise KitError if there is nothing at a path that somebody has typed."""
    if not path.exists():
        raise KitError(str(path), "there is nothing here", remedy)


def is_clutter(parts: tuple[str, ...]) -> bool:
    """Whether a path leads to what programs leave behind, and nobody means to hand in."""
    return any(part in NOT_SUBMITTED for part in parts) or parts[-1].startswith("._")


def _in_folder(path: Path, first: str) -> Files:
    """List the ordinary files of a folder. Links are not followed: they may lead anywhere.

    Where the first of the files that are graded lies at the top, a crowd below it does not matter.
    """
    files: Files = {}
    waiting, seen = [path], 0
    while waiting:
        with contextlib.suppress(PermissionError), os.scandir(waiting.pop(0)) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    if first in files:
                        return files
                    raise UnusableSubmission(
                        f"There are more than {MOST_ENTRIES} files in your folder: leave most out."
                    )
                file = Path(entry.path)
                inside = file.relative_to(path)
                if is_clutter(inside.parts):
                    continue
                if entry.is_dir(follow_symlinks=False) and len(inside.parts) < DEEPEST:
                    waiting.append(file)
                elif entry.is_file(follow_symlinks=False):
                    files[inside.as_posix()] = _reader(file)
    return dict(sorted(files.items()))


def _reader(path: Path) -> Callable[[], bytes]:
    """Return what reads a file, though never more than one byte of what may not be graded."""

    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(most_of(path.name) + 1)
        except OSError as error:
            raise UnusableSubmission(
                f"{plain_line(path.name)} cannot be read: {error.strerror}."
            ) from None

    return read
