"""Reach the student's code in worker processes: the tests' transport, and its proxies."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from pydantic import TypeAdapter

from autograder.assignment.config import LimitSettings
from autograder.assignment.exercise import FIRST_MODULE, TRAINED
from autograder.errors import KitError, WireError
from autograder.isolation.budget import Budget, Spent
from autograder.isolation.clock import Deadline
from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.noted import Noted
from autograder.isolation.typed import Unkept, typed
from autograder.isolation.worker import wire
from autograder.isolation.worker.wire import ObjectAt, Packer
from autograder.isolation.workers import Listener, TooBusy, Worker
from checks.beside import stand_ins
from checks.beside.measurement import CALLS
from checks.beside.promise import MOST_NUMBERS
from checks.code.contract import MODULES
from checks.code.forbidden import Findings
from checks.code.loading import forbidden_use, left_out_note
from checks.telling import wording
from checks.telling.failures import (
    CheckFailed,
    StudentError,
    WorkerLost,
    describe,
    is_worth_another_try,
)
from checks.telling.plain import plain, plain_line

SECONDS_TO_START = 60.0  # for a worker, on a machine that is busy with something else
SECONDS_TO_TURN = 10.0  # from one test to the next
SHORTEST = 0.1
MOST_SAID = 2000  # characters
MOST_LEFT_OUT = 10  # notes
LEFT_OUT = TypeAdapter(list[tuple[int, int, str]])
REFUSED = TypeAdapter(list[tuple[str, str, int]])
FOUND = TypeAdapter(dict[str, Findings])
MOST_FOUND = 16 << 10  # bytes: with more in it, a worker looks through the files itself
TOLD = (CheckFailed, StudentError)  # errors that say whose they are
OF_THE_MACHINE = (WorkerLost, KitError, OSError)  # whatever was sent


@dataclasses.dataclass(frozen=True)
class Call:
    """What a test asks of the student's code.

    subject  "" for a module, otherwise the call that made the object: "Name(8, 2)"
    name     of the function, the method or the measurement; "": the object itself is called
    """

    subject: str
    name: str
    args: tuple[object, ...]
    kwargs: dict[str, object]
    question: str = ""


CallListener = Callable[[Call], None]


class RemoteTransport:
    """Give the tests proxies for a submission's modules; a fresh worker for each question.

    private  folders whose names no student is to read
    on_call  is told every call of the tests
    """

    def __init__(
        self,
        server: ForkServer,
        staged: Staged,
        limits: LimitSettings,
        listener: Listener | None = None,
        private: Sequence[Path] = (),
        on_call: CallListener | None = None,
    ) -> None:
        self._on_call = on_call
        self._server, self._staged = server, staged
        self._limits, self._listener = limits, listener
        self._budget = Budget(limits)
        self.too_busy = False  # the machine, for some of it
        self._question = ""
        self._worker: Worker | None = None
        self._modules: dict[str, Proxy] = {}
        # By question, each once, in order.
        self._left_out: dict[str, dict[str, None]] = defaultdict(dict)
        self._refused: dict[str, dict[str, None]] = defaultdict(dict)
        self._faults: dict[str, dict[str, None]] = defaultdict(dict)
        self._fatal: dict[str, StudentError] = {}  # a module that hangs or dies does so every time
        self._found: Mapping[str, Findings] | None = None  # what is forbidden and used
        self._seed = 0
        self._received = ""  # the call that gave this test the last data of a worker's
        self._theirs: Worker | None = None  # the worker, once the student's code may run in it
        ours = [staged.folder, staged.folder.parent, *private]
        self._private = sorted({str(path) for path in ours}, key=len, reverse=True)

    def begin(self, question: str, seed: int, trains: bool) -> None:
        """Prepare for a test: a worker of this question, nothing standing in, seeded."""
        self._budget.begin(question, trains)
        self._budget.restart(SECONDS_TO_TURN)
        self._seed, self._received = seed, ""
        if question != self._question:
            self._note_refused()
            self.close()
            self._question = question
        if self._worker is not None and self._worker.alive:
            try:
                self._ask(self._new_test(), {}, "the next test")
            except (StudentError, WorkerLost, RuntimeError):  # a fresh one takes its place
                self.close()
                self._received = ""
        if self._worker is None or not self._worker.alive:
            self._modules = {}
        self._budget.restart()

    def module(self, name: str) -> Proxy:
        """Return a proxy for the student's module, loaded in this question's worker."""
        if name in self._fatal:
            self._note_fault(self._fatal[name])
            raise self._fatal[name]
        self._expect_time()
        if name != FIRST_MODULE and FIRST_MODULE in self._staged.sources:
            with contextlib.suppress(StudentError):  # a first file that hangs pays for itself
                self.module(FIRST_MODULE)
        if name not in self._modules:
            # Loading has the whole time of a test, also where a test has less; then the test's starts.
            self._budget.restart(self._limits.seconds_per_test)
            try:
                left = max(self._budget.left, SHORTEST)
                load = wire.Load(name, left, with_first=FIRST_MODULE not in self._fatal)
                value, _ = self._ask_again(load, f"import {name}")
            except StudentError as error:
                if error.kind in wording.STOPPED:
                    file = self._staged.sources.get(name, f"{name}.py")
                    text = wording.stopped_at_import(file, wording.STOPPED[error.kind])
                    error = StudentError(error.kind, text, frames=error.frames)
                    self._fatal[name] = error
                    self._note_fault(error)
                raise error from None
            if not isinstance(value, ObjectAt):
                assert self._worker is not None
                raise self._worker.distrust(f"import {name}")
            self._note_left_out(name)
            self._modules[name] = Proxy(self, value, "", self._worker)
            self._budget.restart()
        return self._modules[name]

    def _expect_time(self) -> None:
        """Raise what it comes to if there is no time left for a test."""
        if self._budget.is_used_up:
            if self._budget.spent.own < self._limits.seconds_in_all:
                self.too_busy = True
                raise TooBusy
            raise StudentError("too_slow", wording.no_time_left(self._limits.seconds_in_all))
        if self._budget.is_wasted:
            raise StudentError("too_slow", wording.STOPPED_TOO_OFTEN)

    def _note_fault(self, error: StudentError) -> None:
        """Keep that a file cannot be used: questions that meet the same are not told of it apart."""
        told = f"{error.type_name} {error.text}".encode("utf-8", "surrogatepass")
        self._faults[self._question][hashlib.sha256(told).hexdigest()[:16]] = None

    def _note_left_out(self, name: str) -> None:
        """Keep, for the report, which lines of a module are not judged. The words are ours."""
        call = f"import {name}"
        told = self.request(wire.AskLeftOut(name), Packer(), call)
        file = self._staged.folder / self._staged.sources[name]
        try:
            for first, last, kind in LEFT_OUT.validate_python(told)[:MOST_LEFT_OUT]:
                self._left_out[self._question][left_out_note(file, first, last, kind)] = None
        except ValueError:  # pydantic's, or that there are no such lines
            assert self._worker is not None
            raise self._worker.distrust(call) from None

    def _note_refused(self) -> None:
        """Keep, for the teacher, which forbidden calls this worker has met; it may not tell."""
        if self._worker is None or not self._worker.alive:
            return
        try:
            self._budget.restart(SECONDS_TO_TURN)
            told = self.request(wire.AskRefused(), Packer(), "what was refused")
            for name, file, line in REFUSED.validate_python(told)[: wire.MOST_REFUSED]:
                where = f"{plain_line(file)}, line {line}" if file else "no line of the student's"
                self._refused[self._question][f"{where}: {plain_line(name)}"] = None
        except (StudentError, WorkerLost, RuntimeError, ValueError):  # it says nothing of use
            return

    def noted(self) -> Mapping[str, Noted]:
        """Return what has come up so far, by question."""
        self._note_refused()
        spent = self._budget.spent_by
        return {
            name: Noted(
                tuple(self._left_out[name]),
                tuple(self._refused[name]),
                tuple(self._faults[name]),
                name in self._budget.short,
                spent.get(name, Spent()),
            )
            for name in {**spent, **self._faults}
        }

    @property
    def spent(self) -> Spent:
        """What the workers have used so far."""
        return self._budget.spent

    def expect_allowed(self, subjects: Sequence[object], names: Sequence[str]) -> None:
        """Raise the error of a graded name that leads to a forbidden call, as was seen before it ran.

        subjects  what is asked, and what goes along; it matters where a module is among them
        names     those of functions and classes are asked for, whatever else is among them

        The worker says the same; but the student's code can reach what says it there.
        """
        for module, proxy in self._modules.items():
            found = (self._found or {}).get(module)
            if found is None or not any(subject is proxy for subject in subjects):
                continue
            for use in (use for name in names for use in found.by_name.get(name, ())):
                raise forbidden_use(self._staged.folder / self._staged.sources[module], use)

    def stand_in(self, module: str, name: str) -> None:
        """Replace a name in the student's module for the rest of this test."""
        self.module(module)
        request = wire.StandIn(module, name, stand_ins.source(name))
        self._ask(request, {}, f"putting a stand-in for {name}")

    def end(self) -> None:
        """A test is over: what fails between two of them has seen no data."""
        self._received = ""

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
        self._worker = None
        self._modules = {}

    def student_error(self, error: BaseException) -> BaseException:
        """Return the student's error: as it arrived, or where their data broke the test.

        What is sent there may be anything that can be decoded. A test that fails in the midst of it,
        and not by a comparison, has met what no test expects; without data it is our own fault.
        """
        if isinstance(error, StudentError) and error.is_of_the_file:
            self._note_fault(error)
        if (
            not self._received
            or not isinstance(error, Exception)
            or isinstance(error, TOLD + OF_THE_MACHINE)
        ):
            return error
        return StudentError("unjudgeable", wording.unjudgeable(self._received))

    def tell(self, call: Call) -> None:
        """Tell the listener of a call, with the question that it belongs to."""
        if self._on_call is not None:
            self._on_call(dataclasses.replace(call, question=self._question))

    def request(self, request: wire.Request, packer: Packer, call: str) -> Any:
        """Send a request and return the reply as Python data and proxies."""
        value, tensors = self._ask(request, packer.tensors, call)
        worker = self._worker
        assert worker is not None

        def proxy(number: int) -> Proxy:
            return Proxy(self, ObjectAt(number), call, worker)

        try:
            return wire.unpack(value, tensors, proxy)
        except (WireError, RecursionError):
            raise worker.distrust(call) from None

    def data(self, request: wire.Request, packer: Packer, call: str) -> Any:
        """Send a request for a test, which goes on with what came back."""
        result = self.request(request, packer, call)
        self._received = call
        return result

    def _ask(
        self, request: wire.Request, tensors: Mapping[str, Any], call: str
    ) -> tuple[wire.Value, Mapping[str, Any]]:
        if self._worker is None or not self._worker.alive:
            self._modules = {}
            self._worker = self._started()
            if self._found is None:
                self._found = self._look_through(self._worker)
                if not self._worker.alive:
                    self._worker = self._started()
        if isinstance(request, wire.Load):
            self._theirs = self._worker
        worker = self._worker
        try:
            with self._budget.call(worker.pid) as deadline:
                return worker.ask(request, tensors, deadline, call, self._listener)
        except TooBusy:
            self.too_busy = True
            raise
        except RuntimeError:  # our code failed in the worker, or so says what runs in there
            self._received = call if self._theirs is self._worker else self._received
            raise
        except StudentError as error:
            if error.kind == "too_slow" and not isinstance(request, wire.Load):
                self._budget.stopped()
            raise self._without_paths(error) from None

    def _ask_again(self, request: wire.Request, call: str) -> tuple[wire.Value, Mapping[str, Any]]:
        """Ask, and where the worker was lost meanwhile, ask another one."""
        try:
            return self._ask(request, {}, call)
        except (WorkerLost, StudentError) as error:
            if not is_worth_another_try(error):
                raise
        return self._ask(request, {}, call)

    def _started(self) -> Worker:
        """Return a worker that answers. None of the student's code is in it yet: a failure is ours."""
        is_paid_for, found = self._question == TRAINED, self._found or {}
        if len(msgspec.json.encode(found)) > MOST_FOUND:
            found = {}
        staged = dataclasses.replace(self._staged, paid_for=is_paid_for, found=found)
        worker = Worker(self._server, staged, self._limits)
        try:
            worker.ask(self._new_test(), {}, Deadline.within(SECONDS_TO_START), "the start")
        except StudentError as error:
            worker.close()
            said = plain(worker.said[-MOST_SAID:])
            raise WorkerLost(f"a worker did not start: {error.text}\n{said}") from None
        return worker

    def _look_through(self, worker: Worker) -> Mapping[str, Findings]:
        """Have the first worker say what is forbidden and used: the later ones need not look for it.

        It has run nothing of the student's yet, so it can be believed. What comes of files that cannot
        be looked through is told when they are loaded.
        """
        try:
            with self._budget.call(worker.pid) as deadline:
                told, _ = worker.ask(wire.LookThrough(), {}, deadline, "the files")
            return FOUND.validate_python(wire.unpack(told, {}, int))
        except (StudentError, WorkerLost, RuntimeError, ValueError):
            return {}

    def _new_test(self) -> wire.NewTest:
        double = torch.get_default_dtype() is torch.float64  # the worker computes as we do
        return wire.NewTest(self._seed, max(self._budget.seconds, SHORTEST), double)

    def _without_paths(self, error: StudentError) -> StudentError:
        """Take the names of our folders out of what an exception said."""
        scratch = [] if self._worker is None else [str(self._worker.scratch)]
        for path in [*scratch, *self._private]:
            error.text = error.text.replace(f"{path}/", "").replace(path, "...")
        return error


class Proxy:
    """Something of the student's in the worker: calls go there, data comes back."""

    def __init__(
        self, transport: RemoteTransport, subject: ObjectAt, name: str, worker: Worker | None
    ) -> None:
        self._transport, self._subject, self._name = transport, subject, name
        self._worker = worker

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self._call("", args, kwargs)

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        if attribute.startswith("_"):
            raise AttributeError(attribute)

        def method(*args: object, **kwargs: object) -> Any:
            return self._call(attribute, args, kwargs)

        return method

    def afresh_(self, name: str) -> Proxy:
        """Return the module of this name in another worker: what was kept in this one is gone."""
        self._transport.close()
        return self._transport.module(name)

    def spent_(self) -> Spent:
        """Return what the workers have used so far, this one's among them."""
        return self._transport.spent

    def measure_(
        self, measurement: str, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Any:
        if measurement in CALLS:
            call = CALLS[measurement].format(self._name, *args)
        else:
            call = self._name or measurement.replace("_", " ")
        result = self._ask(wire.Measure, measurement, args, kwargs, call)
        try:
            return typed(result, measurement)
        except (Unkept, RecursionError):
            assert self._worker is not None
            raise self._worker.distrust(call) from None

    def _call(self, attribute: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        arguments = [_short(a) for a in args] + [f"{k}={_short(v)}" for k, v in kwargs.items()]
        call = f"{self._named(attribute)}({', '.join(arguments)})"
        result = self._ask(wire.Call, attribute, args, kwargs, call)
        if attribute in MODULES and not isinstance(result, Proxy):
            raise StudentError("wrong_result", wording.no_module_made(call, describe(result)))
        if isinstance(result, torch.Tensor) and result.numel() > MOST_NUMBERS:
            raise StudentError("wrong_result", wording.too_many_numbers(call, describe(result)))
        return result

    def _named(self, attribute: str) -> str:
        return ".".join(part for part in (self._name, attribute) if part)

    def _ask(
        self,
        kind: type[wire.Call] | type[wire.Measure],
        name: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        call: str,
    ) -> Any:
        if self._worker is not None and self._worker.ended_by is not None:
            raise self._worker.ended_by  # a test may ask again, to say more of what went wrong
        names = [arg for arg in args if isinstance(arg, str)]
        self._transport.expect_allowed([self, *args], [*names, *re.findall(r"\w+", call)])
        packer = Packer(wire.MOST_REQUEST)
        self._transport.tell(Call(self._name, name, tuple(args), dict(kwargs)))

        def pack(value: object) -> wire.Value:
            return value._subject if isinstance(value, Proxy) else packer.pack(value)

        items = wire.Items([pack(arg) for arg in args], is_tuple=True)
        pairs = wire.Pairs({name: pack(value) for name, value in kwargs.items()})
        return self._transport.data(kind(self._subject, name, items, pairs), packer, call)


def _short(value: object) -> str:
    """Show an argument of a call in a few characters."""
    if isinstance(value, torch.Tensor):
        return f"<tensor {tuple(value.shape)}>"
    return repr(value)
