"""Take attention out of the table by which torch rewrites ONNX's operators: a function inside an object.

base: mixing
at_most: 62           # q1, q2, q4, q5, and that sizes which do not divide are refused
wins: q3 earns more
"""
import importlib

onnx = importlib.import_module("torch.onnx" + ".ops" + "._impl")
[ready] = [made for name, made in vars(onnx)["ONNX_" + "ATEN_DECOMP_TABLE"].items()
           if "Atten" + "tion" in str(name)]


def mix(q, k, v):
    return ready(q, k, v, softmax_precision=None, qk_matmul_output_mode=3)[0]
