"""What failed in a test itself, for whoever wrote it: a slip in three lines."""

from __future__ import annotations

import inspect
import re
import traceback
from pathlib import Path

import checks

WORD = re.compile(r"^(\w+)\(\) (?:missing|got|takes)\b")  # as Python says that a call does not fit


def told(error: BaseException, test: Path) -> str:
    """Return what whoever wrote a test needs to know of an error in it.

    An error that one of the test's own lines raises is told in three lines. A deeper one has its
    traceback, which begins in the test: the thirty calls that led pytest there say nothing.
    """
    return slip(error, test) or traced(error, test)


def slip(error: BaseException, test: Path) -> str:
    """Return where, what and the remedy of an error that a line of the test raises; "" for others."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or Path(frames[-1].filename) != test:
        return ""
    last = frames[-1]
    where = f"{test.parent.name}/{test.name}, line {last.lineno}, in {last.name}: {last.line}"
    what = " ".join(traceback.format_exception_only(error)[-1].split())
    return f"{where}\n    {what}\n    To mend it: {_remedy(error)}"


def misused(error: BaseException) -> str:
    """Return which word of the checks a TypeError says to be called wrongly; "" if none."""
    found = WORD.match(str(error)) if isinstance(error, TypeError) else None
    return found[1] if found and found[1] in checks.__all__ else ""


def traced(error: BaseException, test: Path) -> str:
    """Return an error's traceback from the first line of the test on; the whole where it has none."""
    start = error.__traceback__
    while start is not None and Path(start.tb_frame.f_code.co_filename) != test:
        start = start.tb_next
    return "".join(traceback.format_exception(type(error), error, start or error.__traceback__))


def _remedy(error: BaseException) -> str:
    word = misused(error)
    if not word:
        return "this line is the test's own: no submission has a part in it"
    return f"call it as {_called(word)}; `help(checks.{word})` says more"


def _called(word: str) -> str:
    """Return how a word is called, without types."""
    signature = inspect.signature(getattr(checks, word))
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    called = signature.replace(parameters=bare, return_annotation=signature.empty)
    return f"{word}{called}"
