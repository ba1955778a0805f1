"""What crosses between the grader and a worker: data only, checked before it is used.

A frame is a header (turn, two lengths), a msgspec message, and its tensors as one safetensors blob.
Nothing is pickled, evaluated or imported. The grader believes nothing in a frame: lengths are
compared with caps before a byte is read, the turn with its own request's, types with the message's
definition, tensors with their header; what does not fit raises WireError, and the worker that sent it
is ended. Text is cut, and stripped of what could act on a terminal, before anything is done with it.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any, Union

import msgspec
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from autograder.errors import WireError
from autograder.isolation.clock import NEVER, Deadline
from autograder.isolation.worker.examine import Examination
from checks.telling.failures import Frame, NotData, StudentError, describe
from checks.telling.plain import plain, plain_line

HEADER = struct.Struct(">QIQ")  # turn, length of the message, length of the tensors
MOST_MESSAGE = 4 << 20  # bytes
MOST_REQUEST = 512 << 20  # bytes of tensors: all digits cross
MOST_REPLY = 64 << 20  # a hundred times what an honest answer has, a tenth of a small container
MOST_HEADER = 1 << 20
MOST_AXES = 16
MOST_REFUSED = 20  # forbidden calls that are told
MOST_NAMES = 20  # lines of a traceback, classes that an exception derives from
KINDS = ("raised", "wrong_result", "unreadable", "absent", "not_found", "forbidden")
PART = 256 << 10  # bytes read at once
LOOK_EVERY = 0.05  # seconds
DTYPES = frozenset(
    (
        torch.float32,
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.uint8,
        torch.bool,
    )
)


# --- values ----------------------------------------------------------------------------------


class TensorAt(msgspec.Struct, tag="tensor"):
    """The tensor of this name in the frame's blob."""

    name: str


class ObjectAt(msgspec.Struct, tag="object"):
    """An object that lives in the worker."""

    number: int


class Other(msgspec.Struct, tag="other"):
    """Something that is not data, in words."""

    description: str


class Items(msgspec.Struct, tag="items"):
    """A list, or a tuple."""

    items: list[Value]
    is_tuple: bool = False


class Pairs(msgspec.Struct, tag="pairs"):
    """A mapping from text."""

    pairs: dict[str, Value]


Value = Union[None, bool, int, float, str, TensorAt, ObjectAt, Other, Items, Pairs]  # noqa: UP007


# --- messages --------------------------------------------------------------------------------


class Load(msgspec.Struct, tag="load"):
    """Load the module of that name; the reply is its object.

    seconds   of time that there are
    with_first  False: the first file is known to hang or to die while it loads, and this one may
                import it
    """

    module: str
    seconds: float
    with_first: bool = True


class LookThrough(msgspec.Struct, tag="look_through"):
    """Say what is forbidden and used in the files: to a worker that has run none of them."""


class AskLeftOut(msgspec.Struct, tag="left_out"):
    """Say which lines of a loaded module are not judged: first, last, and how they ended."""

    module: str


class AskRefused(msgspec.Struct, tag="refused"):
    """Say which forbidden calls were refused so far: name, file and line of each."""


class Call(msgspec.Struct, tag="call"):
    """Call an object in the worker, or a method or function of it."""

    subject: ObjectAt
    attribute: str
    args: Items
    kwargs: Pairs


class Measure(msgspec.Struct, tag="measure"):
    """Run one of our measurements on an object."""

    subject: ObjectAt
    measurement: str
    args: Items
    kwargs: Pairs


class StandIn(msgspec.Struct, tag="stand_in"):
    """Replace a name in a module by what this source text defines."""

    module: str
    name: str
    source: str


class NewTest(msgspec.Struct, tag="new_test"):
    """Undo stand-ins, forget objects, seed the random numbers.

    double  floating-point numbers are float64 where nothing else is asked for: to calibrate
    """

    seed: int
    seconds: float
    double: bool = False


class Examine(msgspec.Struct, tag="examine"):
    """Try what the confinement leaves open; the reply is a mapping from layer to holes."""

    examination: Examination


Request = Union[  # noqa: UP007
    Load, LookThrough, AskLeftOut, AskRefused, Call, Measure, StandIn, NewTest, Examine
]


class Returned(msgspec.Struct, tag="returned"):
    """What the request came to."""

    value: Value


class Raised(msgspec.Struct, tag="raised"):
    """The request ended with a StudentError."""

    kind: str
    text: str
    type_name: str
    bases: list[str]
    frames: list[Frame]


class Broken(msgspec.Struct, tag="broken"):
    """Our own code failed in the worker, without a line of the student's in it."""

    details: str


class Progress(msgspec.Struct, tag="progress"):
    """The request goes on; this far it is."""

    done: int
    total: int
    what: str


Reply = Union[Returned, Raised, Broken, Progress]  # noqa: UP007
Message = Union[Request, Reply]  # noqa: UP007

_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(Request).decode
_decode_reply = msgspec.msgpack.Decoder(Reply).decode


# --- values to and from data -----------------------------------------------------------------


class Packer:
    """Turn Python values into wire values, and collect their tensors.

    most  bytes of one tensor; a larger one is described
    """

    def __init__(self, most: int = MOST_REPLY // 2) -> None:
        self._most = most
        self._packed: set[int] = set()
        self.tensors: dict[str, Tensor] = {}

    def pack(self, value: object) -> Value:
        """Return the wire value of data; what is not data is described."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return _utf8(value)
        if isinstance(value, int):
            return int(value) if -(2**63) <= value < 2**63 else Other(f"the int {value:.3e}")
        if isinstance(value, float):
            return float(value)
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return Pairs({_utf8(key): self.pack(item) for key, item in value.items()})
        if isinstance(value, (list, tuple)):
            return Items([self.pack(item) for item in value], isinstance(value, tuple))
        if isinstance(value, (TensorAt, ObjectAt, Other, Items, Pairs)):
            return value
        return Other(describe(value))

    def _tensor(self, value: Tensor) -> Value:
        if value.device.type == "meta":
            return Other("a tensor without numbers, on the meta device")
        if value.layout is not torch.strided or value.dtype not in DTYPES:
            return Other(f"a tensor of layout {value.layout} and dtype {value.dtype}")
        if value.dim() > MOST_AXES:
            return Other(f"a tensor with {value.dim()} axes")
        if value.numel() * value.element_size() > self._most:
            return Other(f"a tensor of shape {tuple(value.shape)}, too large to be looked at")
        name = f"t{len(self.tensors)}"
        data = value.detach().as_subclass(Tensor).cpu()
        # safetensors takes whole, contiguous tensors only, and no two that share their memory.
        memory = data.untyped_storage()
        whole = data.is_contiguous() and memory.nbytes() == data.numel() * data.element_size()
        if not whole or memory.data_ptr() in self._packed:
            data = data.clone(memory_format=torch.contiguous_format)
        self._packed.add(memory.data_ptr())
        self.tensors[name] = data
        return TensorAt(name)


def _utf8(text: str) -> str:
    """Return the characters of a text, or of a student's kind of text, that can cross."""
    return str.__str__(text).encode("utf-8", "replace").decode()


def unpack(value: Value, tensors: Mapping[str, Tensor], objects: Callable[[int], object]) -> Any:
    """Return the Python value of a wire value."""
    if isinstance(value, TensorAt):
        if value.name not in tensors:
            raise WireError("a tensor is missing")
        return tensors[value.name]
    if isinstance(value, ObjectAt):
        return objects(value.number)
    if isinstance(value, Other):
        return NotData(plain(value.description))
    if isinstance(value, Items):
        items = [unpack(item, tensors, objects) for item in value.items]
        return tuple(items) if value.is_tuple else items
    if isinstance(value, Pairs):
        return {plain(key): unpack(item, tensors, objects) for key, item in value.pairs.items()}
    return plain(value) if isinstance(value, str) else value


def raised(error: StudentError) -> Raised:
    """Return a StudentError as a message."""
    return Raised(
        kind=error.kind,
        text=plain(error.text),
        type_name=plain_line(error.type_name),
        bases=[plain_line(name) for name in error.bases[:MOST_NAMES]],
        frames=[_cut(frame) for frame in error.frames[:MOST_NAMES]],
    )


def student_error(message: Raised, call: str) -> StudentError:
    """Return the StudentError of a message: its text cut and cleaned here, whatever was sent."""
    return StudentError(
        kind=message.kind if message.kind in KINDS else "raised",
        text=plain(message.text),
        type_name=plain_line(message.type_name),
        bases=[plain_line(name) for name in message.bases[:MOST_NAMES]],
        frames=[_cut(frame) for frame in message.frames[:MOST_NAMES]],
        call=call,
    )


def _cut(frame: Frame) -> Frame:
    name = plain_line(frame.function)
    return Frame(plain_line(frame.file), frame.line, name, plain_line(frame.text))


# --- frames ----------------------------------------------------------------------------------


class Channel:
    """Send and receive frames on a socket, each whole within a deadline.

    on_wait  called now and then while this side waits; what it raises ends the waiting
    """

    def __init__(
        self, connection: socket.socket, on_wait: Callable[[], None] | None = None
    ) -> None:
        self._connection, self._on_wait = connection, on_wait
        self._turn = 0  # of the last request: a reply to any other is refused
        self._next_look = 0.0
        connection.setblocking(False)

    def send_request(
        self, message: Request, tensors: Mapping[str, Tensor], deadline: Deadline
    ) -> None:
        """Send one frame. Raises TimeoutError, or OSError if nobody is there any more."""
        self._turn += 1
        self._send(message, tensors, deadline)

    def send_reply(self, message: Reply, tensors: Mapping[str, Tensor]) -> None:
        """Send one frame to the grader, which reads it or ends this process."""
        self._send(message, tensors, NEVER)

    def receive_request(self) -> tuple[Request, dict[str, Tensor]]:
        """Receive one frame from the grader. Raises EOFError when it hangs up."""
        self._turn, body, blob = self._frame(NEVER, MOST_REQUEST)
        return _decode_request(body), _load_tensors(blob)

    def receive_reply(self, deadline: Deadline) -> tuple[Reply, dict[str, Tensor]]:
        """Receive one frame from a worker. Raises TimeoutError, EOFError or WireError."""
        turn, body, blob = self._frame(deadline, MOST_REPLY)
        if turn != self._turn:
            raise WireError(f"a reply to request {turn} instead of {self._turn}")
        try:
            return _decode_reply(body), _load_tensors(blob)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise WireError(f"not a message: {error}") from None
        except safetensors.SafetensorError as error:
            raise WireError(f"not tensors: {error}") from None

    def close(self) -> None:
        self._connection.close()

    def _send(self, message: Message, tensors: Mapping[str, Tensor], deadline: Deadline) -> None:
        body = _encode(message)
        blob = safetensors.torch.save(dict(tensors)) if tensors else b""
        for part in (HEADER.pack(self._turn, len(body), len(blob)) + body, blob):
            rest = memoryview(part)
            while rest:
                try:
                    rest = rest[self._connection.send(rest) :]
                except BlockingIOError:
                    self._wait(deadline, write=True)

    def _frame(self, deadline: Deadline, most: int) -> tuple[int, bytes, bytes]:
        turn, message, tensors = HEADER.unpack(self._exactly(HEADER.size, deadline))
        if message > MOST_MESSAGE or tensors > most:
            raise WireError(f"a frame of {message} + {tensors} bytes")
        return turn, self._exactly(message, deadline), self._exactly(tensors, deadline)

    def _exactly(self, count: int, deadline: Deadline) -> bytes:
        """Read this many bytes. Memory grows with what arrives, not with what was announced."""
        parts, missing = [], count
        while missing:
            try:
                part = self._connection.recv(min(missing, PART))
            except BlockingIOError:
                self._wait(deadline)
                continue
            if not part:
                raise EOFError("the other side has closed the connection")
            parts.append(part)
            missing -= len(part)
            self._look(deadline)  # a flood must not keep us from it
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wait(self, deadline: Deadline, write: bool = False) -> None:
        """Wait until something can be read or written, and look around meanwhile."""
        reading, writing = ([], [self._connection]) if write else ([self._connection], [])
        while True:
            left = min(deadline.left(), LOOK_EVERY if self._on_wait else math.inf)
            if any(select.select(reading, writing, [], None if left == math.inf else max(left, 0))):
                return
            self._look(deadline)

    def _look(self, deadline: Deadline) -> None:
        if deadline.passed():
            raise TimeoutError
        now = time.monotonic()
        if self._on_wait is not None and now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            deadline.look()
            self._on_wait()


def _load_tensors(blob: bytes) -> dict[str, Tensor]:
    """Return the tensors of a blob whose header is sound: the library checks sizes and offsets."""
    if not blob:
        return {}
    if len(blob) < 8 or int.from_bytes(blob[:8], "little") > MOST_HEADER:
        raise WireError("more tensors than an answer has")
    tensors = safetensors.torch.load(blob)
    for tensor in tensors.values():
        if tensor.dtype not in DTYPES or tensor.dim() > MOST_AXES:
            raise WireError(f"a tensor of {tensor.dtype} with {tensor.dim()} axes")
    return tensors
