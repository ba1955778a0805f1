"""Refuse forbidden calls while the student's code runs: those that no syntax tree shows.

A name may be put together at run time, or come from a library that uses the same call. What decides is
whose code asks for it: the nearest caller that is the student's, or ours.
"""

from __future__ import annotations

import fnmatch
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from torch import nn

from checks import stand_ins, wording
from checks.failures import Frame, StudentError
from checks.forbidden import Forbidden, matches
from checks.loading import Submission

OURS = ("checks", "autograder")


class Block:
    """Stands between a student's code and what is forbidden."""

    def __init__(self, submission: Submission, forbidden: Sequence[Forbidden]) -> None:
        self._submission, self._forbidden = submission, forbidden
        self._ours = {id(vars(module)) for name, module in sys.modules.items()
                      if name.split(".")[0] in OURS}  # fmt: skip
        self._classes: dict[type, str] = {}
        self._seen: dict[type, str] = {}
        for entry in forbidden:
            for pattern in entry.calls:
                self._block(pattern, entry.instead)
        self._watch_modules_being_made()

    def _block(self, pattern: str, instead: str) -> None:
        for name, thing in matches(pattern):
            if isinstance(thing, type):
                self._classes[thing] = instead
                continue
            refusing = self._refusing(thing, f"{pattern.rpartition('.')[0]}.{name}", instead)
            root = pattern.split(".")[0]
            for module in [m for n, m in sys.modules.items() if n.split(".")[0] == root]:
                if vars(module).get(name) is thing:  # one function, many doors
                    setattr(module, name, refusing)

    def _refusing(self, thing: Any, name: str, instead: str) -> Callable[..., Any]:
        @functools.wraps(thing)
        def refusing(*args: object, **kwargs: object) -> Any:
            self._refuse_to_students(name, instead)
            return thing(*args, **kwargs)

        return refusing

    def _watch_modules_being_made(self) -> None:
        """Judge every nn.Module by its class, what that derives from, and where it comes from."""
        make = nn.Module.__init__

        @functools.wraps(make)
        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:
            instead = self._judged(type(module))
            if instead:
                self._refuse_to_students(type(module).__qualname__, instead)
            make(module, *args, **kwargs)

        nn.Module.__init__ = __init__  # type: ignore

    def _judged(self, made: type) -> str:
        """Return what to do instead of a module of this class; "" where it is allowed."""
        if made not in self._seen:
            self._seen[made] = self._judge(made)
        return self._seen[made]

    def _judge(self, made: type) -> str:
        for kind in made.__mro__:
            if kind in self._classes:
                return self._classes[kind]
            name = f"{kind.__module__}.{kind.__qualname__}"
            for entry in self._forbidden:
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in entry.calls):
                    return entry.instead
        return ""

    def _refuse_to_students(self, name: str, instead: str) -> None:
        files = {str(path): path for path in self._submission.files}
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if id(frame.f_globals) in self._ours or stand_ins.is_one(frame.f_globals):
                return
            path = files.get(frame.f_code.co_filename)
            if path is not None:
                if self._submission.is_paid_for(str(path), frame.f_lineno):
                    return
                raise _error(name, instead, path, frame)
            frame = frame.f_back
        raise _error(name, instead, None, None)  # in a thread, or in code without a file


def _error(name: str, instead: str, path: Path | None, frame: FrameType | None) -> StudentError:
    frames = []
    if path is not None and frame is not None:
        frames = [Frame(path.name, frame.f_lineno, frame.f_code.co_name, "")]
    return StudentError("forbidden", wording.forbidden(name, instead), frames=frames)
