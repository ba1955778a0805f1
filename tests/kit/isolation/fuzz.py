"""Throw damaged frames at the decoder, and count what becomes of them: `make fuzz`.

The frames are good ones, as a worker sends them, with bytes changed, cut, repeated or put in. Whatever
arrives, the grader must end up with data of a known kind or with a refusal, and with nothing else.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from collections import Counter

import msgspec
import safetensors.torch
import torch

from autograder.errors import WireError
from autograder.isolation.clock import Deadline
from autograder.isolation.worker import wire
from autograder.isolation.worker.wire import Channel, Packer
from checks.telling.failures import Frame, NotData

encoded = msgspec.msgpack.Encoder().encode
KNOWN = (
    NotData,
    torch.Tensor,
    str,
    int,
    float,
    bool,
    type(None),
    wire.Raised,
    wire.Broken,
    wire.Progress,
)
SPECIAL = (
    b"\x00",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\x80",
    b"\xc1",
    b"\xdd\xff\xff\xff\xff",
    b"\x92" * 40,
)
COUNT = 200_000


def frame(body: bytes, blob: bytes = b"", turn: int = 0) -> bytes:
    return wire.HEADER.pack(turn, len(body), len(blob)) + body + blob


def good_frames() -> list[bytes]:
    """Return one frame of every kind of reply."""
    packer = Packer()
    value = packer.pack({"a": [torch.zeros(2, 3), torch.ones(4, dtype=torch.int64)], "b": (1, "x")})
    blob = safetensors.torch.save(packer.tensors)
    frames = [Frame("vit.py", 3, "f", "x = 1")]
    raised = wire.Raised("raised", "bad", "ValueError", ["ValueError", "Exception"], frames)
    return [
        frame(encoded(wire.Returned(value)), blob),
        frame(encoded(raised)),
        frame(encoded(wire.Progress(1, 2, "x"))),
        frame(encoded(wire.Broken("traceback"))),
    ]


def received(sent: bytes) -> object:
    """Return what a grader makes of these bytes: a value, or the error it refuses them with."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(sent) + 4096)
    channel = Channel(ours)
    try:
        theirs.sendall(sent)
        theirs.close()
        reply, tensors = channel.receive_reply(Deadline.within(5))
        if isinstance(reply, wire.Returned):
            return wire.unpack(reply.value, tensors, lambda number: number)
        return reply
    except (WireError, EOFError) as error:
        return error
    finally:
        channel.close()
        theirs.close()


def is_fit(value: object) -> bool:
    """Whether a grader can live with this: data of a known kind, or a refusal."""
    if isinstance(value, (list, tuple)):
        return all(map(is_fit, value))
    if isinstance(value, dict):
        return all(map(is_fit, value.values()))
    return isinstance(value, (*KNOWN, WireError, EOFError))


def damaged(good: bytes, chance: random.Random) -> bytes:
    """Return a frame with some of its bytes changed; half the time its lengths are made to fit."""
    body = bytearray(good[wire.HEADER.size :])
    split = wire.HEADER.unpack(good[: wire.HEADER.size])[1]
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(body) + 1)
        change = chance.choice(["flip", "cut", "insert", "repeat"])
        if change == "flip" and place < len(body):
            body[place] ^= 1 << chance.randrange(8)
        elif change == "cut":
            del body[place : place + chance.randint(1, 8)]
        elif change == "insert":
            body[place:place] = chance.choice(SPECIAL)
        else:
            body[place:place] = body[place : place + chance.randint(1, 30)]
    if chance.random() < 0.5:
        split = min(split, len(body))
        return frame(bytes(body[:split]), bytes(body[split:]))
    return good[: wire.HEADER.size] + bytes(body)


def fuzz(count: int, seed: int) -> Counter[str]:
    """Return how many frames came to what. Raises AssertionError for one that came to something else."""
    chance, goods = random.Random(seed), good_frames()
    became: Counter[str] = Counter()
    for _ in range(count):
        sent = damaged(chance.choice(goods), chance)
        value = received(sent)
        assert is_fit(value), f"with seed {seed}: {sent!r} became {value!r}"
        refused = isinstance(value, (WireError, EOFError))
        became["refused" if refused else "read as data"] += 1
    return became


def main() -> None:
    seed = random.randrange(10**6)
    started = time.perf_counter()
    became = fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT, seed)
    seconds = time.perf_counter() - started
    total = sum(became.values())
    print(f"{total} damaged frames in {seconds:.0f} s (seed {seed}): ", end="")
    print(", ".join(f"{n} {what}" for what, n in became.items()) + "; nothing else")


if __name__ == "__main__":
    main()
