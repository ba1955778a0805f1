"""Refusing attention breaks nothing else of torch: its tools and modules work in a worker as outside."""

import subprocess
import sys

import pytest

from autograder.isolation.forking.forks import ForkServer, Staged
from autograder.isolation.remote import RemoteTransport
from checks.telling.failures import StudentError

# A file of a student's that asks torch for things. `tried` says what came of each, as one text.
TRIES = '''
import importlib
import pkgutil
import warnings

import torch
from torch import nn


def compiled_call(model, x):
    return torch.compile(model, backend="eager")(x)


def compiled_function(model, x):
    @torch.compile(backend="eager")
    def weights(x):
        return (x @ x.T).softmax(-1)

    return weights(x)


def compiled_method(model, x):
    class Inside(nn.Module):
        def __init__(self):
            super().__init__()
            self.map = nn.Linear(4, 4)

        @torch.compile(backend="eager")
        def forward(self, x):
            return self.map(x)

    Inside()(x).sum().backward()


def compiled_by_default(model, x):
    torch.compile(model)(x).sum().backward()


def flops(model, x):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model(x)
    assert counter.get_total_flops() > 0


def scripted(model, x):
    torch.jit.script(model)(x)


def traced(model, x):
    torch.jit.trace(model, x)(x)


def symbolic(model, x):
    torch.fx.symbolic_trace(model)(x)


def mapped(model, x):
    torch.func.vmap(torch.func.grad(lambda x: (x**2).sum()))(x)


def functional(model, x):
    torch.func.functional_call(model, dict(model.named_parameters()), (x,))


def exported(model, x):
    torch.export.export(model, (x,)).module()(x)


def profiled(model, x):
    from torch.profiler import profile

    with profile() as told:
        model(x)
    assert told.key_averages()


def checkpointed(model, x):
    from torch.utils.checkpoint import checkpoint

    checkpoint(model, x.clone().requires_grad_(), use_reentrant=False).sum().backward()


def rearranged(model, x):
    from einops.layers.torch import Rearrange

    Rearrange("a (b c) -> a b c", b=2)(x)


TOOLS = {call.__name__: call for call in (
    compiled_call, compiled_function, compiled_method, compiled_by_default, flops, scripted, traced,
    symbolic, mapped, functional, exported, profiled, checkpointed, rearranged,
)}


def tools():
    return " ".join(TOOLS)


def said(call, *args):
    """Return "" or the kind of exception that a call ends with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(*args)
        except BaseException as error:
            return type(error).__name__
    return ""


def tried(tool):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 2))
    return said(TOOLS[tool], model, torch.randn(3, 4))


def imported(packages):
    """Import every module of these packages of torch; return a line for each that cannot be."""
    found = []
    for package in packages:
        inside = importlib.import_module(package)
        names = [package]
        if hasattr(inside, "__path__"):
            inner = pkgutil.walk_packages(inside.__path__, f"{package}.", onerror=str)
            names += [one.name for one in inner]
        for name in names:
            if not any(part.startswith("_") for part in name.split(".")[1:]):
                failed = said(importlib.import_module, name)
                found += [f"{name}: {failed}"] if failed else []
    return "\\n".join(found)
'''
PACKAGES = ["torch.nn", "torch.utils.data", "torch.fx", "torch.func", "torch.autograd", "torch.optim",
            "torch.jit", "torch.profiler", "torch.export", "torch.ao.nn", "torch.nested", "torch.sparse",
            "torch.package", "torch.distributions", "torch.masked", "torch.testing", "torch.linalg",
            "torch.fft", "torch.special", "torch.signal", "torch.amp", "torch.backends",
            "torch.utils.checkpoint", "torch.utils.flop_counter", "torch.utils.benchmark"]  # fmt: skip
MARK = "what cannot be imported:"  # some modules print while they are imported
# Ways to ready-made attention past its names; each gets queries of shape (2, 2, 5, 4).
WAYS = {
    "by name": "torch.nn.functional.scaled_dot_product_attention(q, q, q)",
    "of C": "torch._C._nn.scaled_dot_product_attention(q, q, q)",
    "operator": "torch.ops.aten.scaled_dot_product_attention(q, q, q)",
    "overload": "torch.ops.aten.scaled_dot_product_attention.default(q, q, q)",
    "decomposed": "torch.ops.aten._scaled_dot_product_attention_math.default.decompose(q, q, q)",
    "fresh namespace": "torch._ops._OpNamespace('aten').scaled_dot_product_attention(q, q, q)",
    "fresh, decomposed": "FRESH.decompose(q, q, q)",
    "fresh, mapped": "torch.vmap(lambda q: FRESH(q, q, q))(q)",
    "fresh, mapped twice": "torch.vmap(torch.vmap(lambda q: FRESH(q[None], q[None], q[None])))(q)",
    "fresh, differentiated": "torch.func.grad(lambda q: FRESH(q, q, q).sum())(q)",
    "fresh, forward mode": "torch.func.jvp(lambda q: FRESH(q, q, q), (q,), (q,))",
    "fresh, functionalized": "torch.func.functionalize(lambda q: FRESH(q, q, q))(q)",
    "fresh, composite key": "FRESH.redispatch(KEYS(KEY.CompositeImplicitAutograd), q, q, q)",
    "fresh, mapping key": "FRESH.redispatch(KEYS(KEY.FuncTorchBatched), q, q, q)",
    "without gradients": "torch.inference_mode()(lambda: FRESH(q, q, q))()",
    "in half": "torch.autocast('cpu', torch.bfloat16)(lambda: FRESH(q, q, q))()",
    "from the registry": "torch._C._jit_get_operation('aten::scaled_dot_product_attention')[0](q, q, q)",
    "nested": "NESTED()",
}  # fmt: skip
SHORTCUTS = """
import torch

FRESH = torch._ops._OpNamespace("aten").scaled_dot_product_attention.default
KEY, KEYS = torch._C.DispatchKey, torch._C.DispatchKeySet


def NESTED():
    q = torch.nested.nested_tensor([torch.randn(2, 5, 4), torch.randn(2, 3, 4)])
    return FRESH(q, q, q)


def tried(way):
    q = torch.randn(2, 2, 5, 4)
    return eval(way, {**globals(), "q": q})
"""


@pytest.fixture(scope="module")
def server():
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def in_a_worker(server, assignment, tmp_path):
    """in_a_worker(text) is a proxy for that file, loaded in a worker under our refusals."""
    transports = []

    def load(text):
        folder = tmp_path / "submission" / "files"
        folder.mkdir(parents=True)
        (folder / "vit.py").write_text(text)
        staged = Staged(folder, {"vit": "vit.py"}, assignment.forbidden)
        limits = assignment.settings.limits.model_copy(update={"seconds_per_test": 300.0})
        transports.append(RemoteTransport(server, staged, limits))
        transports[-1].begin("q3", 1, trains=False)
        return transports[-1].module("vit")

    yield load
    for transport in transports:
        transport.close()


def test_torchs_own_tools_work(in_a_worker):
    file = in_a_worker(TRIES)
    tools = file.tools().split()
    assert "compiled_method" in tools
    assert {tool: file.tried(tool) for tool in tools} == dict.fromkeys(tools, "")


def test_whatever_can_be_imported_outside_can_be_imported_in_a_worker(in_a_worker, tmp_path):
    script = tmp_path / "outside.py"
    script.write_text(f"MARK = {MARK!r}\n{TRIES}\nprint(MARK, imported({PACKAGES!r}))\n")
    outside = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert in_a_worker(TRIES).imported(PACKAGES).split() == outside.stdout.split(MARK)[1].split()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_way_leads_to_ready_made_attention(in_a_worker, way):
    with pytest.raises(StudentError) as caught:
        in_a_worker(SHORTCUTS).tried(way)
    assert caught.value.kind == "forbidden", caught.value.text
