"""Answer the grader's requests in the process where the student's code lives."""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import fcntl
import os
import random
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np
import torch

from autograder.isolation.worker import graded_run, progress, wire
from autograder.isolation.worker.blocked import Block, mind, refused
from autograder.isolation.worker.confine import Confinement, confine
from autograder.isolation.worker.examine import examine
from autograder.isolation.worker.wire import Channel, ObjectAt, Packer
from checks.beside import measure, moving, probes, spies, stand_ins, steps
from checks.beside.measurement import MEASUREMENTS
from checks.code.forbidden import Findings
from checks.code.loading import Submission
from checks.telling.failures import StudentError, own_frames, student_error
from checks.telling.plain import plain

WIRE, WORDS = 3, 4  # descriptors
DESCRIPTORS = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
MOST_DETAILS = 4000  # characters of a traceback of ours
SOONER = 0.95  # of its time a test may take before the line it is in is noted, for the message
MEASURED_BY = (
    graded_run,
    measure,
    moving,
    probes,
    spies,
    steps,
)  # importing them fills MEASUREMENTS


class Module:
    """The student's module as measurements see it: a missing name is explained."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission, self._name = submission, name

    def __getattr__(self, attribute: str) -> Any:
        return self._submission.lookup(self._name, attribute)


class Server:
    """One worker: the student's modules, the objects built from them, and what stands in."""

    def __init__(self, channel: Channel, submission: Submission) -> None:
        self.channel, self.submission = channel, submission
        self.objects: dict[int, object] = {}
        self._undo: list[Callable[[], None]] = []
        self._numbers = 0
        self._calling = False  # whether the student's code, or a measurement of it, is running
        progress.listen(self._progress)

    def serve(self) -> None:
        """Answer until the grader hangs up."""
        while True:
            try:
                request, tensors = self.channel.receive_request()
            except EOFError:
                return
            packer = Packer()
            reply = self._answer(request, tensors, packer)
            self.channel.send_reply(reply, packer.tensors)

    def _answer(self, request: wire.Request, tensors: Any, packer: Packer) -> wire.Reply:
        try:
            return wire.Returned(packer.pack(self._run(request, tensors)))
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's, too
            packer.tensors.clear()
            # Code that has run may have left no descriptor or no memory for ours.
            exhausted = self.submission.has_run and isinstance(error, (OSError, MemoryError))
            theirs = self._calling or exhausted or isinstance(error, StudentError)
            if not theirs and not own_frames(error.__traceback__, self.submission.files):
                return wire.Broken(plain(traceback.format_exc()[-MOST_DETAILS:]))
            return wire.raised(student_error(self.submission.cause(error), self.submission.files))
        finally:
            self._calling = False

    def _run(self, request: wire.Request, tensors: Any) -> object:
        if isinstance(request, wire.Load):
            _note_the_line_after(request.seconds)
            self.submission.module(request.module, request.with_first)
            return self._keep(Module(self.submission, request.module))
        if isinstance(request, wire.LookThrough):
            return msgspec.to_builtins(self.submission.findings())
        if isinstance(request, wire.AskLeftOut):
            parts = self.submission.left_out(request.module)
            return [[part.first, part.last, part.kind] for part in parts]
        if isinstance(request, wire.AskRefused):
            return [list(one) for one in refused]
        if isinstance(request, wire.NewTest):
            _note_the_line_after(request.seconds)
            self._new_test(request.seed, request.double)
            return None
        if isinstance(request, wire.Examine):
            return examine(request.examination)
        if isinstance(request, wire.StandIn):
            undo = stand_ins.install(self.submission, request.module, request.name, request.source)
            self._undo.append(undo)
            return None
        subject: Any = self.objects[request.subject.number]
        args = wire.unpack(request.args, tensors, self.objects.__getitem__)
        kwargs = wire.unpack(request.kwargs, tensors, self.objects.__getitem__)
        # From here on an error is the student's even without a line of theirs in it: a backward pass
        # that fails, a signature that does not fit. With sound code our measurements do not fail.
        self._calling = True
        if isinstance(request, wire.Measure):
            found = MEASUREMENTS[request.measurement](subject, *args, **kwargs)
            return vars(found) if dataclasses.is_dataclass(found) else found
        called = getattr(subject, request.attribute) if request.attribute else subject
        result = called(*args, **kwargs)
        # A model stays here, and its number goes; data goes itself.
        return self._keep(result) if isinstance(result, torch.nn.Module) else result

    def _keep(self, value: object) -> ObjectAt:
        self._numbers += 1
        number = self._numbers
        self.objects[number] = value
        return ObjectAt(number)

    def _new_test(self, seed: int, double: bool) -> None:
        while self._undo:
            self._undo.pop()()
        self.objects = {n: kept for n, kept in self.objects.items() if isinstance(kept, Module)}
        torch.set_default_dtype(torch.float64 if double else torch.float32)
        torch.set_grad_enabled(True)  # an earlier test's code may have left it off
        torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for other devices
        np.random.seed(seed % 2**32)
        random.seed(seed)

    def _progress(self, done: int, total: int, what: str) -> None:
        self.channel.send_reply(wire.Progress(done, total, what), {})


def _note_the_line_after(seconds: float) -> None:
    """Have the lines that every thread is in written down shortly before the time is up.

    This works where no Python code could run any more: in a loop in C, or behind a lock.
    """
    with contextlib.suppress(RuntimeError):  # the student's threads have left no room for one more
        faulthandler.dump_traceback_later(SOONER * seconds, file=WORDS)


def run_worker(
    wire_end: int,
    words: int,
    sources: Mapping[str, str],
    block: Block,
    found: Mapping[str, Findings],
    paid_for: bool,
    confinement: Confinement,
) -> NoReturn:
    """Be a worker for one question of one submission, then leave without ceremony.

    block      against what is forbidden: in force, or put in force before the student's code runs
    found      what of that is used, by module, where it is known
    paid_for   forbidden calls that can be seen have cost their questions, and may run
    words      a descriptor for the lines that a crash or a time limit was met in
    """
    try:
        os.setsid()
        channel = Channel(socket.socket(fileno=_only(wire_end, words)[0]))
        confine(confinement)
        faulthandler.enable(file=WORDS)
        folder = Path(confinement.scratch)
        sys.argv = [""]
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        torch.set_num_threads(1)
        torch.backends.mha.set_fastpath_enabled(False)  # of two ways, leave the one that is watched
        files = {name: folder / file for name, file in sources.items()}
        submission = Submission(files, block.forbidden, found)
        mind(submission.files)
        if not paid_for:
            _forget_training()

        def before_running() -> None:
            if not (paid_for and submission.has_graded_uses):
                block.enforce()

        submission.before_running = before_running
        Server(channel, submission).serve()
    except BaseException:  # told to the grader, which would see no more than an end
        os.write(WORDS, traceback.format_exc()[-MOST_DETAILS:].encode("utf-8", "replace"))
    finally:
        os._exit(0)  # no exit handler of the student's runs


def _forget_training() -> None:
    """Drop our training loop, which would answer q6, where no model is trained."""
    full = graded_run.__name__
    for measurement in [name for name, one in MEASUREMENTS.items() if one.__module__ == full]:
        del MEASUREMENTS[measurement]
    del sys.modules[full]
    room, _, name = full.rpartition(".")
    delattr(sys.modules[room], name)
    vars(graded_run).clear()  # no collection goes through what the fork server has loaded


def _only(wire_end: int, words: int) -> tuple[int, int]:
    """Keep these two descriptors, as WIRE and WORDS, and point the standard ones at nothing."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 64) for descriptor in (wire_end, words)]
    nothing = os.open(os.devnull, os.O_RDWR)
    for place, descriptor in enumerate([nothing, nothing, nothing, *high]):
        os.dup2(descriptor, place)
    for entry in list(DESCRIPTORS.iterdir()):
        if int(entry.name) > WORDS:
            with contextlib.suppress(OSError):  # the one that the folder was read by
                os.close(int(entry.name))
    return WIRE, WORDS
