"""Answer the grader's requests in the process where the student's code lives."""

from __future__ import annotations

import os
import random
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder.worker import graded_run, progress, wire
from autograder.worker.wire import NEVER, Channel, ObjectAt, Packer
from checks import measure, probes, spies, stand_ins
from checks.beside import MEASUREMENTS
from checks.failures import StudentError, own_frames, student_error
from checks.loading import Submission

MEASURED_BY = (graded_run, measure, probes, spies)  # importing them fills MEASUREMENTS


class Module:
    """The student's module as measurements see it: a missing name is explained."""

    def __init__(self, submission: Submission, name: str) -> None:
        self._submission, self._name = submission, name

    def __getattr__(self, attribute: str) -> Any:
        return self._submission.lookup(self._name, attribute)


class Server:
    """One worker: the student's modules, the objects built from them, and what stands in."""

    def __init__(self, channel: Channel, folder: Path, sources: dict[str, str]) -> None:
        self.channel = channel
        self.submission = Submission({name: folder / file for name, file in sources.items()})
        self.objects: dict[int, object] = {}
        self._undo: list[Callable[[], None]] = []
        self._numbers = 0
        self._calling = False  # whether the student's code, or a measurement of it, is running
        progress.listen(self._progress)

    def serve(self) -> None:
        """Answer until the grader hangs up."""
        while True:
            try:
                request, tensors = self.channel.receive_request(NEVER)
            except EOFError:
                return
            packer = Packer()
            reply = self._answer(request, tensors, packer)
            self.channel.send(reply, packer.tensors, NEVER)

    def _answer(self, request: wire.Request, tensors: Any, packer: Packer) -> wire.Reply:
        try:
            return wire.Returned(packer.pack(self._run(request, tensors)))
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's, too
            packer.tensors.clear()
            theirs = self._calling or isinstance(error, StudentError)
            if not theirs and not own_frames(error.__traceback__, self.submission.files):
                return wire.Broken(traceback.format_exc()[-wire.MOST_TEXT :])
            return wire.raised(student_error(error, self.submission.files))
        finally:
            self._calling = False

    def _run(self, request: wire.Request, tensors: Any) -> object:
        if isinstance(request, wire.Load):
            self.submission.module(request.module, request.with_vit)
            return self._keep(Module(self.submission, request.module))
        if isinstance(request, wire.NewTest):
            self._new_test(request.seed)
            return None
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
            return MEASUREMENTS[request.measurement](subject, *args, **kwargs)
        called = getattr(subject, request.attribute) if request.attribute else subject
        result = called(
            *args, **kwargs
        )  # a model stays here, and its number goes; data goes itself
        return self._keep(result) if isinstance(result, torch.nn.Module) else result

    def _keep(self, value: object) -> ObjectAt:
        self._numbers += 1
        number = self._numbers
        self.objects[number] = value
        return ObjectAt(number)

    def _new_test(self, seed: int) -> None:
        while self._undo:
            self._undo.pop()()
        self.objects = {n: kept for n, kept in self.objects.items() if isinstance(kept, Module)}
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)

    def _progress(self, done: int, total: int, what: str) -> None:
        self.channel.send(wire.Progress(done, total, what), {}, NEVER)


def run_worker(connection: socket.socket, folder: Path, sources: dict[str, str]) -> None:
    """Be a worker for one question of one submission, then leave without ceremony."""
    os.setsid()
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.argv = [""]
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    torch.set_num_threads(1)
    try:
        Server(Channel(connection), folder, sources).serve()
    finally:
        os._exit(0)  # no exit handler of the student's runs
