"""The wire: data comes back as it went, and nothing else comes through."""

import random
import socket
import threading
import tracemalloc

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.isolation.clock import Deadline
from autograder.isolation.worker import wire
from autograder.isolation.worker.wire import Channel, Packer
from checks.telling.failures import Frame
from checks.telling.plain import UNSHOWN
from kit.isolation.fuzz import encoded, frame, fuzz, is_fit, received
from kit.workbench import PATIENCE

GOOD = encoded(wire.Returned(None))


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield Channel(ours), theirs
    ours.close()
    theirs.close()


def soon():
    return Deadline.within(PATIENCE)


def returned(value):
    """Send a value through a real socket, as a worker would, and return what arrives."""
    ours, theirs = (Channel(end) for end in socket.socketpair())
    packer = Packer()
    message = wire.Returned(packer.pack(value))
    sender = threading.Thread(target=theirs.send_reply, args=(message, packer.tensors))
    sender.start()
    reply, tensors = ours.receive_reply(soon())
    sender.join()
    ours.close()
    theirs.close()
    return wire.unpack(reply.value, tensors, lambda number: number)


data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=UNSHOWN), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner),
    max_leaves=12,
)  # fmt: skip


@given(data)
@settings(max_examples=100, deadline=None)
def test_data_comes_back_as_it_went(value):
    assert returned(value) == value


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES, key=str), ids=str)
def test_tensors_come_back_bit_by_bit(dtype):
    for shape in ((), (0,), (3, 4), (2, 0, 5)):
        tensor = (torch.randn(shape) * 50).to(dtype)
        arrived = returned({"a": [tensor, tensor.T if tensor.dim() == 2 else tensor]})["a"]
        assert torch.equal(arrived[0], tensor)
        assert arrived[0].dtype == dtype


def test_a_large_tensor_comes_back():
    tensor = torch.randn(2000, 1, 28, 28)
    assert torch.equal(returned(tensor), tensor)


def test_what_is_not_data_is_described():
    assert "generator" in returned(x for x in "a").description
    assert "too large" in returned(torch.zeros(1).expand(10**9)).description
    assert "int" in returned(2**70).description
    assert "sparse" in returned(torch.eye(3).to_sparse()).description
    assert "complex" in returned(torch.zeros(2, dtype=torch.complex64)).description


@pytest.mark.parametrize(
    "sent",
    [
        wire.HEADER.pack(0, 2**32 - 1, 0),  # lengths above the caps, before a byte is read
        wire.HEADER.pack(0, 1, 2**63),
        wire.HEADER.pack(0, 1, wire.MOST_REPLY + 1),
        frame(b"hello"),
        frame(b"\x90"),
        frame(b"\xc0", b"\xff" * 8),
        frame(b""),
        frame(GOOD, b"\x00" * 7),
        frame(GOOD, (2 << 20).to_bytes(8, "little") + b" " * 100),  # a huge header
        frame(GOOD, turn=1),  # a reply to no request
        frame(b"\x92" * 4000),  # nested too deeply
        frame(encoded(wire.Returned(wire.Items([])))[:-1] + b"\xdd\xff\xff\xff\xff"),
    ],
)
def test_what_is_not_a_message_is_refused(sent):
    assert isinstance(received(sent), WireError)


@pytest.mark.parametrize(
    "tensor", [torch.zeros([1] * 17), torch.zeros(2, dtype=torch.complex64)], ids=["axes", "dtype"]
)
def test_tensors_that_no_test_could_look_at_are_refused(tensor):
    blob = safetensors.torch.save({"t0": tensor})
    assert isinstance(received(frame(encoded(wire.Returned(wire.TensorAt("t0"))), blob)), WireError)


def test_memory_is_reserved_for_what_arrives_and_not_for_what_is_announced(pair):
    channel, other = pair
    other.sendall(wire.HEADER.pack(0, 0, wire.MOST_REPLY))
    tracemalloc.start()
    try:
        with pytest.raises(TimeoutError):
            channel.receive_reply(Deadline.within(0.1))
        assert tracemalloc.get_traced_memory()[1] < wire.MOST_REPLY // 8
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300), st.binary(max_size=100), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_random_bytes_never_do_more_than_be_refused(body, blob, turn):
    assert is_fit(received(frame(body, blob, turn)))


def test_damaged_frames_never_do_more_than_be_refused():
    """Good frames with some bytes changed reach deeper than random ones. `make fuzz` sends more."""
    became = fuzz(4000, seed=random.randrange(10**6))
    assert set(became) == {"refused", "read as data"}


def test_foreign_text_is_cut_and_cannot_act_on_a_terminal():
    raised = wire.Raised(
        "raised",
        "\x1b[2J\u202eabc\x00\r" + "x" * 10_000,
        "<script>\x1b]0;title\x07",
        ["\u2066"] * 1000,
        [Frame("vit.py\x1b[31m", 3, "f\n\ng", "\u200fline" * 1000)] * 1000,
    )
    error = wire.student_error(wire.raised(wire.student_error(raised, "f()")), "f()")
    everything = [error.text, error.type_name, *error.bases]
    everything += [part for f in error.frames for part in (f.file, f.function, f.text)]
    assert error.text.startswith("\\x1b[2J\\u202eabc\\x00\\r")
    assert all(ord(c) >= 32 and c not in "\x7f\u202e\u2066\u200f" for t in everything for c in t)
    assert max(map(len, everything)) < 9000
    assert len(error.bases) <= 20 >= len(error.frames)


def test_a_tensor_that_is_not_there_is_refused():
    with pytest.raises(WireError, match="missing"):
        wire.unpack(wire.TensorAt("t0"), {}, lambda number: number)


def test_waiting_ends_at_the_deadline_in_both_directions(pair):
    channel, _ = pair
    with pytest.raises(TimeoutError):
        channel.receive_reply(Deadline.within(0.05))
    packer = Packer()
    packer.pack(torch.zeros(4 << 20))
    with pytest.raises(TimeoutError):  # the other side never reads
        channel.send_request(wire.NewTest(1, 1.0), packer.tensors, Deadline.within(0.2))


def test_the_other_side_hanging_up_is_seen(pair):
    channel, other = pair
    other.sendall(b"\x00")
    other.close()
    with pytest.raises(EOFError):
        channel.receive_reply(soon())
