"""What can go wrong with a student's code, as data: the same in their process and in the grader's."""

from __future__ import annotations

import linecache
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from torch import Tensor

MOST_FRAMES = 6  # of a deep recursion, the ends are enough
LONGEST_LINE = 200
OF_THE_FILE = ("unreadable", "absent", "not_found", "forbidden")  # kinds of an error
STUB = re.compile(r"""raise NotImplementedError\(["']TODO (q[1-9]\d?)["']\)""")
KIND = re.compile(r"(?:(?:an?|the) )?[\w.]+")  # what a description says before sizes and values
# How a sentence begins that names a mistake, which it does only where the numbers prove it.
NUMBERS = "These are exactly the numbers that come out"
TENSOR = "This is exactly the tensor that comes out"
SHAPE = "This is the shape that comes out"
NAMING = re.compile(r"(?:exactly the (?:numbers|tensor)|the shape) that comes? out if ")
NO_TENSOR = re.compile(r" returned (.+), not a tensor\.$")
LOADING = "<module>"  # the outermost function of what ran while a file was loaded


class CheckFailed(AssertionError):
    """A test's verdict, with the whole message that the student reads."""

    @property
    def if_hidden(self) -> str:
        """What is told of it where the test is hidden: no number that the test expects."""
        return str(self)


@dataclass(eq=False)
class Mismatch(CheckFailed):
    """What was called, what was expected and what came out.

    why     a sentence that explains it, where one is known
    causes  mistakes that lead to just this result: each completes `start`
    number  expected and got are numbers of a comparison
    kind    what sort of thing came back, where it is none that could be compared
    """

    call: str
    expected: str
    got: str
    in_all: str = ""
    why: str = ""
    causes: tuple[str, ...] = ()
    start: str = NUMBERS
    number: bool = False
    kind: str = ""

    def __str__(self) -> str:
        return self._text(hidden=False)

    @property
    def if_hidden(self) -> str:
        return self._text(hidden=self.number)

    def _text(self, hidden: bool) -> str:
        rows = [f"called    {self.call}"]
        if not hidden:
            rows += [f"expected  {self.expected}", f"got       {self.got}"]
        if self.in_all:
            rows.append(f"in all    {self.in_all}")
        why = f"{self.start} if {' Or if '.join(self.causes)}" if self.causes else self.why
        return "\n".join([*rows, "", why] if why else rows)


@dataclass(frozen=True)
class Frame:
    """One line of the student's own files in a traceback."""

    file: str
    line: int
    function: str
    text: str


class StudentError(Exception):
    """Something that the student's code did instead of returning.

    kind       "raised", "wrong_result", "unreadable", "absent", "not_found", "forbidden";
               of the process: "died", "killed" from outside, "too_slow", "too_large";
               "unjudgeable": it broke the test that looked at it
    type_name  for "raised": the exception's class
    bases      for "raised": the names of that class and all it derives from
    text       what the exception said, or a sentence of ours
    frames     the student's own lines, innermost last
    call       what the grader had asked for
    there      what the names in the innermost line stood for, where a student runs the tests
    """

    def __init__(
        self,
        kind: str,
        text: str,
        type_name: str = "",
        bases: Collection[str] = (),
        frames: Collection[Frame] = (),
        call: str = "",
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.type_name = type_name
        self.bases = tuple(bases)
        self.frames = tuple(frames)
        self.call = call
        self.there = ""

    @property
    def is_raised(self) -> bool:
        return self.kind == "raised"

    @property
    def is_of_the_file(self) -> bool:
        """Whether a file, or what a name in it stands for, cannot be used for anything."""
        while_loading = self.is_raised and any(f.function == LOADING for f in self.frames[:1])
        return while_loading or self.kind in OF_THE_FILE

    @property
    def todo(self) -> str:
        """The question whose untouched stub raised this; "" where no stub did.

        Any code may say so: what counts is the line that it came from.
        """
        stub = STUB.match(self.frames[-1].text) if self.is_raised and self.frames else None
        if stub is None or self.type_name != "NotImplementedError":
            return ""
        return stub[1] if self.text == f"TODO {stub[1]}" else ""


class NotReached(Exception):
    """A test is not run, since something that it stands on is missing; the text says what.

    is_started   False: all of that is as it was handed out
    """

    def __init__(self, text: str, is_started: bool = True) -> None:
        super().__init__(text)
        self.is_started = is_started


class WorkerLost(Exception):
    """The process with the student's code is gone, or never came, and that is no fault of theirs."""


def is_worth_another_try(error: BaseException) -> bool:
    """Whether a worker was lost, or killed, perhaps by somebody else."""
    return isinstance(error, WorkerLost) or (
        isinstance(error, StudentError) and error.kind == "killed"
    )


def the_tensor(value: object, call: str) -> Tensor:
    """Return the value if it is a tensor; raise the student's error if it is not."""
    import torch

    if not isinstance(value, torch.Tensor):
        raise StudentError("wrong_result", f"{call} returned {describe(value)}, not a tensor.")
    return value


def kind_of(described: str) -> str:
    """Return the sort of thing that `describe` has described: "a list" of any list."""
    found = KIND.match(described)
    return found[0] if found else ""


def kind_returned(error: BaseException) -> str:
    """Return what sort of thing came back where a tensor was asked for; "" where none did."""
    if isinstance(error, Mismatch):
        return error.kind
    if isinstance(error, StudentError) and error.kind == "wrong_result":
        found = NO_TENSOR.search(error.text)
        return kind_of(found[1]) if found else ""
    return ""


def student_error(error: BaseException, files: Collection[Path], call: str = "") -> StudentError:
    """Describe an exception that came out of the student's files."""
    if isinstance(error, StudentError):
        return error
    return StudentError(
        kind="raised",
        text=_text(error),
        type_name=type(error).__name__,
        bases=[base.__name__ for base in type(error).__mro__],
        frames=own_frames(error.__traceback__, files),
        call=call,
    )


def own_frames(trace: TracebackType | None, files: Collection[Path]) -> list[Frame]:
    """Return the lines of a traceback that stand in the student's files, innermost last."""
    frames = []
    for step in own_steps(trace, files):
        code = step.tb_frame.f_code
        function = getattr(code, "co_qualname", None) or _qualified(step.tb_frame)
        name = Path(code.co_filename).name
        frames.append(Frame(name, step.tb_lineno, function, text_of(step)[:LONGEST_LINE]))
    return frames if len(frames) <= MOST_FRAMES else frames[:2] + frames[2 - MOST_FRAMES :]


def own_steps(trace: TracebackType | None, files: Collection[Path]) -> Iterator[TracebackType]:
    """Yield those steps of a traceback that stand in these files, innermost last."""
    own = {str(path) for path in files}
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in own:
            yield trace
        trace = trace.tb_next


def text_of(step: TracebackType) -> str:
    """Return the line of source that a step of a traceback is at."""
    return linecache.getline(step.tb_frame.f_code.co_filename, step.tb_lineno).strip()


def _qualified(frame: FrameType) -> str:
    """Name a function with its class, as Python 3.11 does and 3.10 does not."""
    owner = frame.f_locals.get("self")
    name = frame.f_code.co_name
    return f"{type(owner).__name__}.{name}" if owner is not None else name


def describe(value: object) -> str:
    """Say what a value is, for "got ..."."""
    import torch

    if isinstance(value, NotData):
        return value.description
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)} item{'s' * (len(value) != 1)}"
    if isinstance(value, (bool, int, float, str)):
        return f"the {type(value).__name__} {str(value)[:80]!r}"
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    shape = getattr(value, "shape", None)
    return f"a {name}" + (f" of shape {shape}" if isinstance(shape, tuple) else "")


@dataclass(frozen=True)
class NotData:
    """Stands in the grader for a result that is not data (numpy array, generator, ...)."""

    description: str

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        raise StudentError("wrong_result", f"This is {self.description}: it cannot be called.")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise StudentError("wrong_result", f"This is {self.description}: it has no {name}.")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a student's own __str__ may fail as well
        return "(its message cannot be shown)"
