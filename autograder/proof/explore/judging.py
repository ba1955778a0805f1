"""What the contract says of a file's mutated piece: the oracle's verdict, from a process of its own."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

import torch
from pebble import ProcessExpired, ProcessPool

from autograder.assignment.config import Assignment
from autograder.assignment.sources import run_source
from autograder.proof.explore.composing import MAPS, Composed, fragments

ORACLE = Path("corpus", "oracle", "__init__.py")  # in tests/
SECONDS = 10.0  # of processor time: a mutant may run for ever; what is right takes a tenth of one
PATIENCE = 120.0  # for what does not even hear that its time is over
MEMORY = 3 * 2**30
NOT_LOADED = "the file cannot be loaded"
ENDLESS = "it never ends"
KEEPS, BREAKS, UNDECIDED = "keeps", "breaks", "undecided"


@dataclass(frozen=True)
class Verdict:
    """Whether a piece keeps the contract, and the law that it breaks or cannot be held to."""

    verdict: str
    law: str = ""


class Oracle:
    """Judges one piece at a time, in a process that ends with what never ends by itself."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=1, initializer=_limit, context=context)

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._pool.close()  # type: ignore[no-untyped-call]  # pebble does not annotate it
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]  # as above
        self._pool.join()

    def judge(self, composed: Composed) -> Verdict:
        """Judge the mutated piece. What is composed of fragments alone is right: a test proves them."""
        if not composed.piece:
            return Verdict(KEEPS)
        known = fragments(self._assignment)[composed.piece]
        text = next(one.text for one in known if one.name == composed.fragments[composed.piece])
        oracle = self._assignment.tests / ORACLE
        arguments = (oracle, composed.piece, composed.file, dict(composed.sources), text)
        try:
            return self._pool.schedule(_in_time, (SECONDS, *arguments), timeout=PATIENCE).result()
        except TimeoutError:
            return Verdict(BREAKS, ENDLESS)
        except ProcessExpired:
            return Verdict(BREAKS, "it ends its process")


class _OutOfTime(BaseException):
    """Not to be caught by whoever catches what mutants raise."""


def _in_time(seconds: float, *arguments: Any) -> Verdict:
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return judge(*arguments)
    except _OutOfTime:
        return Verdict(BREAKS, ENDLESS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _out_of_time(number: int, frame: FrameType | None) -> None:
    raise _OutOfTime


def judge(
    oracle: Path, piece: str, file: str, sources: Mapping[str, str], fragment: str
) -> Verdict:
    """Judge a piece of a submission, here. Its fragment says which parameters are what."""
    with _silent(), _modules_kept(sources):
        try:
            modules = {name: _loaded(name, text) for name, text in sources.items()}
        except Exception as error:  # whatever a mutant raises
            return Verdict(BREAKS, f"{NOT_LOADED}: {type(error).__name__}")
        declaring = ModuleType("fragment")
        declaring.__dict__.update(vars(modules[file]))
        exec(compile(fragment, "fragment", "exec"), declaring.__dict__)
        maps = vars(declaring).get(MAPS, dict)
        return Verdict(*run_source(oracle).judge(piece, modules[file], maps))


def _loaded(name: str, text: str) -> ModuleType:
    """Run a file's text as the module that later files import under its name."""
    module = sys.modules[Path(name).stem] = ModuleType(Path(name).stem)
    exec(compile(text, name, "exec"), module.__dict__)
    return module


@contextlib.contextmanager
def _modules_kept(files: Iterable[str]) -> Iterator[None]:
    """Put back what had the names of these files."""
    names = [Path(file).stem for file in files]
    known = {name: sys.modules[name] for name in names if name in sys.modules}
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(known)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _limit() -> None:
    """Work where nothing lies, with little memory and one thread."""
    os.chdir(tempfile.gettempdir())
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    torch.set_num_threads(1)
