"""Know a wanted file by its name, also where the letters are written in another way.

Many systems take names that differ by case for one, and an accent is one character here and two there:
what a student could not see at home is told, and costs nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath


def called(wanted: str, paths: Iterable[str]) -> list[str]:
    """Return the paths of the files of this very name; where there are none, of a name like it."""
    named = [(path, PurePosixPath(path).name) for path in paths]
    exactly = [path for path, name in named if name == wanted]
    return exactly or [path for path, name in named if is_like(name, wanted)]


def is_like(name: str, wanted: str) -> bool:
    """Whether two names differ in case or in the form of their letters alone, if at all."""
    return folded(name) == folded(wanted)


def folded(name: str) -> str:
    """Return what is the same for all names that some system takes for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def composed(files: Mapping[str, Callable[[], bytes]]) -> dict[str, Callable[[], bytes]]:
    """Return the files under paths in which an accent is one character.

    Where two paths would become one, both stay as they are: nothing is graded in another's place.
    """
    forms: dict[str, list[str]] = {}
    for path in files:
        forms.setdefault(unicodedata.normalize("NFC", path), []).append(path)
    return {
        form if len(paths) == 1 else path: files[path]
        for form, paths in forms.items()
        for path in paths
    }
