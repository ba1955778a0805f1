"""Run the tests on the files beside them, in the student's own process, where a debugger works."""

from __future__ import annotations

import linecache
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from checks.beside import stand_ins
from checks.beside.measurement import MEASUREMENTS
from checks.code import cells
from checks.code.forbidden import Forbidden
from checks.code.loading import Submission, left_out_note
from checks.telling.failures import CheckFailed, Frame, StudentError, own_frames, student_error
from checks.telling.names import names_of_last_line


class LocalModule:
    """The student's module: every attribute is the real one, and a missing one is explained."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission = submission
        self._name = name
        submission.module(name)

    def __getattr__(self, attribute: str) -> object:
        if attribute.startswith("_") or attribute == "measure_":
            raise AttributeError(attribute)
        return self._submission.lookup(self._name, attribute)


class LocalTransport:
    """Give the tests the student's files (module name -> file), loaded into this process."""

    def __init__(self, sources: dict[str, Path], forbidden: Sequence[Forbidden] = ()) -> None:
        self.submission = Submission(sources, forbidden)
        self._undo: list[Callable[[], None]] = []

    def begin(self, question: str, seed: int, trains: bool) -> None:
        torch.set_grad_enabled(True)  # an earlier test's code may have left it off
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)

    def module(self, name: str) -> object:
        return LocalModule(self.submission, name)

    def stand_in(self, module: str, name: str) -> None:
        text = stand_ins.source(name)
        self._undo.append(stand_ins.install(self.submission, module, name, text))

    @property
    def notes(self) -> list[str]:
        """What a student should know about how the files were loaded."""
        return [
            left_out_note(path, part.first, part.last, part.kind)
            for name, path in self.submission.sources.items()
            for part in self.submission.left_out(name)
        ]

    def end(self) -> None:
        while self._undo:
            self._undo.pop()()

    def student_error(self, error: BaseException) -> BaseException:
        """Return the error as a StudentError if it came out of the student's files."""
        found = self._student_error(error)
        if isinstance(found, StudentError):
            found.frames = tuple(map(self._in_cell, found.frames))
        return found

    def _in_cell(self, frame: Frame) -> Frame:
        """Return a frame as a student counts lines: in a notebook, from the start of a cell."""
        if frame.file != cells.FILE:
            return frame
        lines = linecache.getlines(str(self.submission.sources["vit"]))
        file, line = cells.place(lines, frame.line, named=not frame.function)
        return replace(frame, file=file, line=line)

    def _student_error(self, error: BaseException) -> BaseException:
        error = self.submission.cause(error)
        if isinstance(error, (CheckFailed, StudentError)):
            return error
        measured = {Path(measure.__code__.co_filename) for measure in MEASUREMENTS.values()}
        signature = isinstance(error, TypeError) and "argument" in str(error)
        if signature or own_frames(error.__traceback__, [*self.submission.files, *measured]):
            found = student_error(error, self.submission.files)
            found.there = names_of_last_line(error.__traceback__, self.submission.files)
            return found
        return error
