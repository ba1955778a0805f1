"""The wire: data comes back as it went, and nothing else comes through."""

import socket
import threading
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.worker import wire
from autograder.worker.wire import Channel, Packer


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield Channel(ours), theirs
    ours.close()
    theirs.close()


def soon():
    return time.monotonic() + 5


def returned(value):
    """Send a value through a real socket and return what arrives."""
    ours, theirs = (Channel(end) for end in socket.socketpair())
    packer = Packer()
    message = wire.Returned(packer.pack(value))
    sender = threading.Thread(target=theirs.send, args=(message, packer.tensors, soon()))
    sender.start()
    reply, tensors = ours.receive_reply(soon())
    sender.join()
    ours.close()
    theirs.close()
    return wire.unpack(reply.value, tensors, lambda number: number)


data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
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
        wire.LENGTHS.pack(2**32 - 1, 0),  # lengths above the caps, before a byte is read
        wire.LENGTHS.pack(1, 2**63),
        wire.LENGTHS.pack(5, 0) + b"hello",
        wire.LENGTHS.pack(1, 0) + b"\x90",
        wire.LENGTHS.pack(1, 8) + b"\xc0" + b"\xff" * 8,
        wire.LENGTHS.pack(0, 0),
    ],
)
def test_what_is_not_a_message_is_refused(pair, sent):
    channel, other = pair
    other.sendall(sent)
    with pytest.raises(WireError):
        channel.receive_reply(soon())


@given(st.binary(max_size=300), st.binary(max_size=100))
@settings(max_examples=300, deadline=None)
def test_random_bytes_never_do_more_than_be_refused(body, blob):
    ours, theirs = socket.socketpair()
    theirs.sendall(wire.LENGTHS.pack(len(body), len(blob)) + body + blob)
    channel = Channel(ours)
    try:
        channel.receive_reply(soon())
    except WireError:
        pass
    finally:
        channel.close()
        theirs.close()


def test_a_tensor_that_is_not_there_is_refused():
    with pytest.raises(WireError, match="missing"):
        wire.unpack(wire.TensorAt("t0"), {}, lambda number: number)


def test_waiting_ends_at_the_deadline_in_both_directions(pair):
    channel, _ = pair
    with pytest.raises(TimeoutError):
        channel.receive_reply(time.monotonic() + 0.05)
    packer = Packer()
    value = packer.pack(torch.zeros(4 << 20))
    with pytest.raises(TimeoutError):  # the other side never reads
        channel.send(wire.Returned(value), packer.tensors, time.monotonic() + 0.2)


def test_the_other_side_hanging_up_is_seen(pair):
    channel, other = pair
    other.sendall(b"\x00")
    other.close()
    with pytest.raises(EOFError):
        channel.receive_reply(soon())
