"""Reach the student's code in a worker process: the fork server, one worker, and its proxies."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from autograder.config import LimitSettings
from autograder.errors import KitError, WireError
from autograder.worker import wire
from autograder.worker.wire import Channel, ObjectAt, Packer
from checks import stand_ins, wording
from checks.failures import StudentError

STARTUP_SECONDS = 120.0
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "USER": "student",
    "MPLBACKEND": "Agg",
    # One thread: two collapse as soon as anything else runs on the machine.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
Listener = Callable[[int, int, str], None]


class ForkServer:
    """The process that holds torch and forks workers. Starts at once, is waited for when needed."""

    def __init__(self) -> None:
        if not hasattr(socket, "send_fds"):
            raise KitError(
                "autograder",
                "grading needs fork and descriptor passing, which this system has not",
                "grade on Linux or macOS, or in WSL; `pytest student/` works everywhere",
            )
        # Whole orders, and the end seen when the other side hangs up; macOS has only datagrams.
        kind = socket.SOCK_DGRAM if sys.platform == "darwin" else socket.SOCK_SEQPACKET
        self._control, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-m", "autograder.worker.forkserver"],
            stdin=theirs.fileno(),
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the grader, which then hangs up
        )
        theirs.close()
        self._ready = False

    def start(self, folder: Path, sources: Mapping[str, str]) -> tuple[int, socket.socket]:
        """Fork a worker for these files; return its pid and our end of the wire."""
        self._wait_until_ready()
        ours, theirs = socket.socketpair()
        order = msgspec.json.encode(
            {"type": "start", "folder": str(folder), "sources": dict(sources)}
        )
        socket.send_fds(self._control, [order], [theirs.fileno()])
        theirs.close()
        return int(self._answer()), ours

    def end(self, pid: int, grace: float = 0.0) -> int:
        """End a worker and return its wait status."""
        self._control.send(msgspec.json.encode({"type": "end", "pid": pid, "grace": grace}))
        return int(self._answer())

    def close(self) -> None:
        """Hang up: the server ends its workers and itself."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._process.kill()
        self._process.wait()

    def _wait_until_ready(self) -> None:
        if not self._ready and self._answer() == b"ready":
            self._ready = True

    def _answer(self) -> bytes:
        self._control.settimeout(STARTUP_SECONDS)
        answer = self._control.recv(1024)
        if not answer:
            raise KitError(
                "autograder.worker.forkserver",
                "the process that starts workers has ended",
                "run `python -m autograder.worker.forkserver < /dev/null` to see why",
            )
        return answer


class Worker:
    """One worker process: requests and replies, each within a deadline."""

    def __init__(self, server: ForkServer, folder: Path, sources: Mapping[str, str]) -> None:
        self._server = server
        self.pid, connection = server.start(folder, sources)
        self._channel = Channel(connection)
        self.alive = True

    def ask(
        self,
        request: wire.Request,
        tensors: Mapping[str, Any],
        deadline: float,
        call: str,
        listener: Listener | None = None,
    ) -> tuple[wire.Value, Mapping[str, Any]]:
        """Return the reply's value. Raises the StudentError that it came to instead."""
        started = time.monotonic()
        try:
            self._channel.send(request, tensors, deadline)
            while True:
                reply, received = self._channel.receive_reply(deadline)
                if not isinstance(reply, wire.Progress):
                    break
                if listener is not None:
                    listener(reply.done, reply.total, reply.what[:200])
        except TimeoutError:
            self.end()
            text = wording.too_slow(call, time.monotonic() - started)
            raise StudentError("too_slow", text, call=call) from None
        except (EOFError, OSError):
            raise StudentError("died", wording.died(call, self._how_it_died()), call=call) from None
        except WireError:
            self.end()
            how = "sent something that is not an answer"
            raise StudentError("died", wording.died(call, how), call=call) from None
        if isinstance(reply, wire.Raised):
            raise wire.student_error(reply, call)
        if isinstance(reply, wire.Broken):
            raise RuntimeError(f"in the worker, during {call}:\n{reply.details}")
        return reply.value, received

    def end(self, grace: float = 0.0) -> int:
        """Kill the process, however it is; return its wait status."""
        if not self.alive:
            return 0
        self.alive = False
        self._channel.close()
        return self._server.end(self.pid, grace)

    def _how_it_died(self) -> str:
        status = self.end(grace=1.0)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            return f"was ended by the signal {name}"
        return "ended"


class RemoteTransport:
    """Give the tests proxies for a submission's modules; a fresh worker for each question."""

    def __init__(
        self,
        server: ForkServer,
        folder: Path,
        sources: Mapping[str, str],
        limits: LimitSettings,
        stand_in_folders: Sequence[Path],
        listener: Listener | None = None,
    ) -> None:
        self._server, self._folder, self._sources = server, folder, dict(sources)
        self._limits, self._listener = limits, listener
        self._stand_in_folders = stand_in_folders
        self._end_of_all = time.monotonic() + limits.seconds_in_all
        self._question = ""
        self._worker: Worker | None = None
        self._modules: dict[str, Proxy] = {}
        self._fatal: dict[str, StudentError] = {}  # a module that hangs or dies does so every time
        self._deadline = 0.0
        self._seed = 0

    def begin(self, question: str, seed: int, trains: bool) -> None:
        """Prepare for a test: a worker of this question, nothing standing in, seeded."""
        seconds = self._limits.seconds_for_training if trains else self._limits.seconds_per_test
        self._deadline = self._until(seconds)
        self._seed = seed
        if question != self._question:
            self.close()
            self._question = question
        if self._worker is not None and self._worker.alive:
            self._ask(wire.NewTest(seed), {}, "the next test")
        else:
            self._modules = {}

    def module(self, name: str) -> Proxy:
        if name in self._fatal:
            raise self._fatal[name]
        if time.monotonic() > self._end_of_all:
            raise StudentError("too_slow", wording.no_time_left(self._limits.seconds_in_all))
        if name == "train" and "vit" in self._sources:
            with contextlib.suppress(StudentError):  # a vit.py that hangs pays for itself
                self.module("vit")
            self._deadline = self._until(self._limits.seconds_per_test)
        if name not in self._modules:
            try:
                load = wire.Load(name, with_vit="vit" not in self._fatal)
                value, _ = self._ask(load, {}, f"import {name}")
            except StudentError as error:
                if error.kind in ("died", "too_slow"):
                    file = self._sources.get(name, f"{name}.py")
                    how = (
                        "was stopped after running too long" if error.kind == "too_slow" else "died"
                    )
                    error = StudentError(error.kind, wording.stopped_at_import(file, how))
                    self._fatal[name] = error
                raise error from None
            assert isinstance(value, ObjectAt)
            self._modules[name] = Proxy(self, value, "", self._worker)
        return self._modules[name]

    def _until(self, seconds: float) -> float:
        return min(time.monotonic() + seconds, self._end_of_all)

    def stand_in(self, module: str, name: str) -> None:
        self.module(module)
        source = stand_ins.source(name, self._stand_in_folders)
        assert source is not None, f"there is no stand-in for {name}"
        self._ask(wire.StandIn(module, name, source), {}, f"putting a stand-in for {name}")

    def end(self) -> None:
        """A test is over."""

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()
        self._worker = None
        self._modules = {}

    def student_error(self, error: BaseException) -> BaseException:
        """Errors of the student's arrive as StudentError already; any other is ours."""
        return error

    def request(self, request: wire.Request, packer: Packer, call: str) -> Any:
        """Send a request and return the reply as Python data and proxies."""
        value, tensors = self._ask(request, packer.tensors, call)
        worker = self._worker

        def proxy(number: int) -> Proxy:
            return Proxy(self, ObjectAt(number), call, worker)

        return wire.unpack(value, tensors, proxy)

    def _ask(
        self, request: wire.Request, tensors: Mapping[str, Any], call: str
    ) -> tuple[wire.Value, Mapping[str, Any]]:
        if self._worker is None or not self._worker.alive:
            self._modules = {}
            self._worker = Worker(self._server, self._folder, self._sources)
            self._worker.ask(wire.NewTest(self._seed), {}, self._deadline, "the start")
        return self._worker.ask(request, tensors, self._deadline, call, self._listener)


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

    def measure_(
        self, measurement: str, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Any:
        packer, call = Packer(), self._name or measurement.replace("_", " ")
        packed = self._packed(packer, args), self._pairs(packer, kwargs)
        request = wire.Measure(self._subject, measurement, *packed)
        return self._transport.request(request, packer, call)

    def _call(self, attribute: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        packer = Packer()
        arguments = [_short(a) for a in args] + [f"{k}={_short(v)}" for k, v in kwargs.items()]
        call = f"{self._named(attribute)}({', '.join(arguments)})"
        packed = self._packed(packer, args), self._pairs(packer, kwargs)
        return self._transport.request(wire.Call(self._subject, attribute, *packed), packer, call)

    def _named(self, attribute: str) -> str:
        return ".".join(part for part in (self._name, attribute) if part)

    def _packed(self, packer: Packer, args: Sequence[object]) -> wire.Items:
        return wire.Items([self._pack(packer, arg) for arg in args], is_tuple=True)

    def _pairs(self, packer: Packer, kwargs: Mapping[str, object]) -> wire.Pairs:
        return wire.Pairs({name: self._pack(packer, value) for name, value in kwargs.items()})

    def _pack(self, packer: Packer, value: object) -> wire.Value:
        return value._subject if isinstance(value, Proxy) else packer.pack(value)


def _short(value: object) -> str:
    """Show an argument of a call in a few characters."""
    import torch

    if isinstance(value, torch.Tensor):
        return f"<tensor {tuple(value.shape)}>"
    return repr(value)
