"""Know a wanted file by what it defines, where its author gave it another name and there is no doubt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath

from autograder.errors import UnusableSubmission
from autograder.submission.found import Files
from autograder.submission.limits import most_of
from checks.code import contract

MOST_READ = 40  # files: whoever hands in more of them has not just renamed one


def defining(wanted: str, files: Files, paths: Iterable[str]) -> list[str]:
    """Return the paths of the .py files that define a name of the wanted one's, the uppermost first."""
    scripts = sorted((p for p in paths if p.lower().endswith(".py")), key=_depth)
    names = set(contract.NAMES[wanted])
    return [p for p in scripts if names & _defined(files, p)] if len(scripts) <= MOST_READ else []


def meant(wanted: str, files: Files, paths: Collection[str]) -> str | None:
    """Return the one file that can only be the wanted one; None where nobody could know.

    It defines every name, and no other file defines one of them, but in a folder further down.
    """
    found = defining(wanted, files, paths)
    if not found or not set(contract.NAMES[wanted]) <= _defined(files, found[0]):
        return None
    home = PurePosixPath(found[0]).parent
    below = all(home in PurePosixPath(other).parent.parents for other in found[1:])
    return found[0] if below else None


def second(wanted: str, files: Files, inside: Sequence[str], first: str) -> str | None:
    """Return the file beside the first one that can only be the second; None where there is doubt.

    Its names are those of many a function: only a file that has all of them counts.
    """
    names = set(contract.NAMES[wanted])
    if names & _defined(files, first):
        return None
    others = [path for path in inside if path != first]
    found = [p for p in defining(wanted, files, others) if names <= _defined(files, p)]
    return found[0] if len(found) == 1 else None


def _depth(path: str) -> tuple[int, str]:
    return len(PurePosixPath(path).parts), path


def _defined(files: Files, path: str) -> set[str]:
    try:
        content = files[path]()
    except UnusableSubmission:  # what cannot be read is not what is meant
        return set()
    if len(content) > most_of(path):
        return set()
    return contract.defined(content.decode("utf-8", "replace"))
