"""The fourth piece by its formula, around a stand-in for attention."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy.special import erf
from torch import nn

from .laws import (
    NEARLY,
    Broken,
    Law,
    Maps,
    Numbers,
    Undecided,
    alike,
    as_numbers,
    declared,
    distance,
    drawn,
    gradients_reach,
    left_alone,
    need,
    randomise,
    started_oddly,
    trained,
)
from .stand_ins import MyMSA

SIZES = (  # hidden_d, heads, mlp_ratio, B, N
    (8, 2, 4, 3, 5), (6, 3, 2, 2, 4), (4, 1, 1, 1, 1), (5, 5, 3, 2, 3), (8, 4, 8, 2, 2),
    (10, 2, 4, 4, 7),
    (12, 4, 5, 1, 9), (7, 1, 2, 3, 3),
)  # fmt: skip
EPS = 1e-5
MOST_DROPPED = 0.5
FITTED = (4, 2, 2, 8, 5)  # more tokens, B * N, than features in the middle


def norm(x: Numbers, gain: Any, bias: Any, unbiased: bool) -> Numbers:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred**2).sum(-1, keepdims=True) / (x.shape[-1] - unbiased)
    result: Numbers = centred / np.sqrt(variance + EPS) * gain + bias
    return result


def gelu(x: Numbers, tanh: bool) -> Numbers:
    inner = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)) if tanh else erf(x / np.sqrt(2))
    result: Numbers = 0.5 * x * (1 + inner)
    return result


def by_hand(x: Numbers, msa: Any, w: dict[str, Numbers], unbiased: bool, tanh: bool) -> Numbers:
    z, middle = _halves(x, msa, w, unbiased, tanh)
    result: Numbers = z + middle @ w["W2"].T + w.get("b2", 0.0)
    return result


def _halves(
    x: Numbers, msa: Any, w: dict[str, Numbers], unbiased: bool, tanh: bool
) -> tuple[Numbers, Numbers]:
    """Return the tokens after the attention, and what the MLP has in its middle."""
    z = x + msa.by_hand(norm(x, w.get("g1", 1.0), w.get("c1", 0.0), unbiased))
    y = norm(z, w.get("g2", 1.0), w.get("c2", 0.0), unbiased)
    return z, gelu(y @ w["W1"].T + w.get("b1", 0.0), tanh)


def _made(module: Any, rng: np.random.Generator, *sizes: int) -> tuple[Any, Any]:
    """Return a block in evaluation mode with random parameters, and the attention in it."""
    MyMSA.forget()
    block = module.MyViTBlock(*sizes).eval()
    randomise(block, rng)
    block(torch.randn(1, 2, sizes[0]))
    need(len(MyMSA.ran) == 1, "attention runs once")
    msa = MyMSA.ran[0]
    need(msa.sizes == sizes[:2], "attention is MyMSA(hidden_d, n_heads)")
    return block, msa


def _formula(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(13)
    errors, turned = [], []
    for *sizes, B, N in SIZES:
        block, msa = _made(module, rng, *sizes)
        x = drawn(rng, B, N, sizes[0]) * 2 + 0.5
        got = as_numbers(block(x.clone()), "the block")
        need(got.shape == x.shape, "the shape is kept")
        w = _checked(block, maps, sizes)
        readings = [list(_errors(x.double().numpy(), got, msa, one)) for one in (w, *alike(w))]
        errors.append(readings[0])
        turned.append([error for reading in readings[1:] for error in reading])
    best = min(max(error) for error in zip(*errors))
    if best > NEARLY and min(max(error) for error in zip(*turned)) <= 1:
        raise Undecided("the block, but for a sign or a bias")
    if best > NEARLY and _but_for_the_last_layer(module, maps, rng):
        raise Undecided("the block, but for what its last layer can learn")
    need(best <= NEARLY, "x + msa(norm1(x)), then x + mlp(norm2(x))")
    if best > 1:
        raise Undecided("the block: differs by next to nothing")


def _but_for_the_last_layer(module: Any, maps: Maps, rng: np.random.Generator) -> bool:
    """Whether some affine map of the MLP's middle, that is not next to nothing, gives the result."""
    *sizes, B, N = FITTED
    block, msa = _made(module, rng, *sizes)
    x = drawn(rng, B, N, sizes[0]) * 2 + 0.5
    got, w = as_numbers(block(x.clone()), "the block"), declared(block, maps)
    for unbiased, tanh in itertools.product((False, True), repeat=2):
        z, middle = _halves(x.double().numpy(), msa, w, unbiased, tanh)
        design = np.concatenate([middle, np.ones((*middle.shape[:2], 1))], axis=-1)
        rows, added = design.reshape(B * N, -1), (got - z).reshape(B * N, -1)
        learned = np.linalg.lstsq(rows, added, rcond=None)[0]
        near = distance(rows @ learned, added, atol=1e-4) <= 1
        if near and float(np.abs(learned[:-1]).max()) > 1e-3:
            return True
    return False


def _checked(block: Any, maps: Maps, sizes: list[int]) -> dict[str, Numbers]:
    w = declared(block, maps)
    d, _, ratio = sizes
    if not {"W1", "W2"} <= set(w):
        raise Undecided("its maps are not all there")
    if w["W1"].shape[1:] != (d,) or w["W2"].shape[:1] != (d,):
        raise Undecided("its maps have other shapes")
    need(len(w["W1"]) == ratio * d, "mlp_ratio * hidden_d features in the middle")
    return w


def _errors(x: Numbers, got: Numbers, msa: Any, w: dict[str, Numbers]) -> Iterator[float]:
    for unbiased, tanh in itertools.product((False, True), repeat=2):
        want = by_hand(x, msa, w, unbiased, tanh)
        yield distance(got, want, atol=1e-5 * max(1.0, float(np.abs(want).max())))


def _default_ratio(module: Any, maps: Maps) -> None:
    block = module.MyViTBlock(6, 2)
    need(len(declared(block, maps)["W1"]) == 24, "mlp_ratio is 4 unless it is said")
    module.MyViTBlock(hidden_d=6, n_heads=2, mlp_ratio=3)


def _distinct(module: Any, maps: Maps) -> None:
    block, _ = _made(module, np.random.default_rng(14), 6, 2)
    w = declared(block, maps)
    for one, other in (("g1", "g2"), ("c1", "c2")):
        if one in w and other in w:
            need(not np.allclose(w[one], w[other]), "two norms, each with its own weights")
    if not {"g1", "g2"} <= set(w):
        raise Broken("norms have a gain")
    if not {"c1", "c2"} <= set(w):
        raise Undecided("norms without a bias: the layers behind them have one")


def _trained(module: Any, maps: Maps) -> None:
    block = module.MyViTBlock(6, 2)
    trained(block, maps, np.random.default_rng(15))
    MyMSA.ran.clear()
    block(torch.randn(1, 3, 6))
    known = {id(parameter) for parameter in block.parameters()}
    need(id(MyMSA.ran[0].weight) in known, "attention is a part of the block")


def _gradient(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(16)
    block, _ = _made(module, rng, 8, 2)
    gradients_reach(block, drawn(rng, 2, 5, 8), "the tokens")


def _input_stays(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(17)
    block, _ = _made(module, rng, 8, 2)
    left_alone(block, drawn(rng, 2, 5, 8), "the tokens are not changed")


def _again(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(18)
    block, _ = _made(module, rng, 8, 2)
    x = drawn(rng, 2, 5, 8)
    need(
        torch.equal(block(x.clone()), block(x.clone())), "the same result twice, in evaluation mode"
    )


def _training_mode(module: Any, maps: Maps) -> None:
    block = module.MyViTBlock(8, 2).train()
    need(
        tuple(block(torch.randn(2, 5, 8)).shape) == (2, 5, 8), "the shape is kept in training mode"
    )
    if any(isinstance(part, nn.Dropout) and part.p > MOST_DROPPED for part in block.modules()):
        raise Undecided("dropout in training mode is allowed, and this is nearly all")


def _start(module: Any, maps: Maps) -> None:
    started_oddly(module.MyViTBlock(16, 2))


BLOCK: tuple[Law, ...] = (
    _formula, _default_ratio, _distinct, _trained, _gradient, _input_stays, _again, _training_mode,
    _start,
)  # fmt: skip
