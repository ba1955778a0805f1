"""What crosses between the grader and a worker: data only, checked before it is used.

A frame is two lengths (message, tensors), then a msgspec message, then its tensors as one safetensors
blob. Nothing is pickled, evaluated or imported. The grader believes nothing in a frame: lengths are
compared with caps before a byte is read, types with the message's definition, tensors with their
header; what does not fit raises WireError, and the worker that sent it is ended.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

import msgspec
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from autograder.errors import WireError
from checks.failures import Frame, NotData, StudentError, describe

NEVER = math.inf  # as a deadline
LENGTHS = struct.Struct(">IQ")
MOST_MESSAGE = 4 << 20  # bytes
MOST_TENSORS = 256 << 20
MOST_TEXT = 4000  # characters of an exception that cross
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

    with_vit  False: vit.py is known to hang or to die while it loads, and train.py may import it
    """

    module: str
    with_vit: bool = True


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
    """Undo stand-ins, forget objects, seed the random numbers."""

    seed: int


Request = Union[Load, Call, Measure, StandIn, NewTest]  # noqa: UP007


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
    """Turn Python values into wire values, and collect their tensors."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}

    def pack(self, value: object) -> Value:
        """Return the wire value of data; what is not data is described."""
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            return int(value) if -(2**63) <= value < 2**63 else Other(f"the int {value:.3e}")
        if isinstance(value, float):
            return float(value)
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return Pairs({str(key): self.pack(item) for key, item in value.items()})
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
        if value.numel() * value.element_size() > MOST_TENSORS:
            return Other(f"a tensor of shape {tuple(value.shape)}, too large to be looked at")
        name = f"t{len(self.tensors)}"
        plain = value.detach().as_subclass(Tensor).cpu()
        # A copy of its own, since safetensors refuses tensors that share their memory.
        self.tensors[name] = plain.clone(memory_format=torch.contiguous_format)
        return TensorAt(name)


def unpack(value: Value, tensors: Mapping[str, Tensor], objects: Callable[[int], object]) -> Any:
    """Return the Python value of a wire value."""
    if isinstance(value, TensorAt):
        if value.name not in tensors:
            raise WireError("a tensor is missing")
        return tensors[value.name]
    if isinstance(value, ObjectAt):
        return objects(value.number)
    if isinstance(value, Other):
        return NotData(value.description[:MOST_TEXT])
    if isinstance(value, Items):
        items = [unpack(item, tensors, objects) for item in value.items]
        return tuple(items) if value.is_tuple else items
    if isinstance(value, Pairs):
        return {key: unpack(item, tensors, objects) for key, item in value.pairs.items()}
    return value


def raised(error: StudentError) -> Raised:
    """Return a StudentError as a message."""
    return Raised(
        kind=error.kind,
        text=error.text[:MOST_TEXT],
        type_name=error.type_name[:200],
        bases=list(error.bases)[:20],
        frames=list(error.frames),
    )


def student_error(message: Raised, call: str) -> StudentError:
    """Return the StudentError of a message."""
    text, frames = message.text[:MOST_TEXT], message.frames[:10]
    return StudentError(message.kind, text, message.type_name, message.bases, frames, call)


# --- frames ----------------------------------------------------------------------------------


class Channel:
    """Send and receive frames on a socket, each whole within a deadline."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.setblocking(False)

    def send(self, message: Message, tensors: Mapping[str, Tensor], deadline: float) -> None:
        """Send one frame. Raises TimeoutError, or OSError if nobody is there any more."""
        body = _encode(message)
        blob = safetensors.torch.save(dict(tensors)) if tensors else b""
        for part in (LENGTHS.pack(len(body), len(blob)) + body, blob):
            rest = memoryview(part)
            while rest:
                self._wait(deadline, write=True)
                try:
                    rest = rest[self.connection.send(rest) :]
                except BlockingIOError:
                    continue

    def receive_request(self, deadline: float) -> tuple[Request, dict[str, Tensor]]:
        body, blob = self._frame(deadline)
        return _decode_request(body), _load_tensors(blob)

    def receive_reply(self, deadline: float) -> tuple[Reply, dict[str, Tensor]]:
        """Receive one frame from a worker. Raises TimeoutError, EOFError or WireError."""
        body, blob = self._frame(deadline)
        try:
            return _decode_reply(body), _load_tensors(blob)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise WireError(f"not a message: {error}") from None
        except safetensors.SafetensorError as error:
            raise WireError(f"not tensors: {error}") from None

    def _frame(self, deadline: float) -> tuple[bytes, bytes]:
        message, tensors = LENGTHS.unpack(self._exactly(LENGTHS.size, deadline))
        if message > MOST_MESSAGE or tensors > MOST_TENSORS + MOST_MESSAGE:
            raise WireError(f"a frame of {message} + {tensors} bytes")
        return bytes(self._exactly(message, deadline)), bytes(self._exactly(tensors, deadline))

    def _exactly(self, count: int, deadline: float) -> bytearray:
        buffer = bytearray(count)
        rest = memoryview(buffer)
        while rest:
            self._wait(deadline)
            try:
                received = self.connection.recv_into(rest)
            except BlockingIOError:
                continue
            if received == 0:
                raise EOFError("the other side has closed the connection")
            rest = rest[received:]
        return buffer

    def _wait(self, deadline: float, write: bool = False) -> None:
        left = None if deadline == NEVER else max(deadline - time.monotonic(), 0)
        sockets: Sequence[socket.socket] = [self.connection]
        ready = select.select(*(([], sockets) if write else (sockets, [])), [], left)
        if not any(ready):
            raise TimeoutError

    def close(self) -> None:
        self.connection.close()


def _load_tensors(blob: bytes) -> dict[str, Tensor]:
    if not blob:
        return {}
    tensors = safetensors.torch.load(blob)
    if any(tensor.dtype not in DTYPES for tensor in tensors.values()):
        raise WireError("a tensor of a dtype that does not cross")
    return tensors
