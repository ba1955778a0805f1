"""The third piece by its formula: attention with the weights that a fragment declares."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

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
    refuses,
    started_oddly,
    trained,
)

SIZES = (  # d, heads, B, N
    (8, 2, 3, 5), (6, 3, 2, 4), (4, 1, 1, 1), (5, 5, 2, 3), (12, 4, 2, 7), (8, 4, 4, 4), (10, 5, 2, 6),
    (9, 3, 3, 3), (8, 2, 2, 2), (6, 1, 5, 6), (7, 1, 2, 9), (16, 2, 1, 8), (8, 8, 3, 1),
)  # fmt: skip
INDIVISIBLE = ((7, 2), (8, 3), (10, 4), (9, 2), (3, 6))
ROLES = "qkv"

Cases = list[tuple[Numbers, Numbers, dict[str, Numbers], int]]  # tokens, result, maps, heads


def attend(x: Numbers, w: dict[str, Numbers], heads: int) -> Numbers:
    """Return what multi-head attention with these maps makes of tokens (B, N, d), head by head."""
    q, k, v = (x @ w[f"W{role}"].T + w.get(f"b{role}", 0.0) for role in ROLES)
    size = x.shape[-1] // heads
    found = []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        scores = q[..., own] @ k[..., own].swapaxes(1, 2) / np.sqrt(size)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        found.append(shares / shares.sum(-1, keepdims=True) @ v[..., own])
    side_by_side = np.concatenate(found, -1)
    return side_by_side @ w["Wo"].T + w.get("bo", 0.0) if "Wo" in w else side_by_side


def readings(w: dict[str, Numbers], heads: int) -> Iterator[dict[str, Numbers]]:
    """Yield what the same parameters may stand for as well: other roles, heads of other features."""
    d = len(w["Wq"])
    comb = np.arange(d).reshape(-1, heads).T.flatten()
    orders = (np.arange(d), comb, np.argsort(comb))
    for roles in itertools.permutations(ROLES):
        swapped = {**w}
        for role, by in zip(ROLES, roles):
            swapped[f"W{role}"] = w[f"W{by}"]
            swapped[f"b{role}"] = w.get(f"b{by}", np.zeros(d))
        for similar, gathered, back in itertools.product(
            orders, orders, orders if "Wo" in w else orders[:1]
        ):
            read = {**swapped}
            for role, order in zip(ROLES, (similar, similar, gathered)):
                read[f"W{role}"] = swapped[f"W{role}"][order]
                read[f"b{role}"] = swapped[f"b{role}"][order]
            if "Wo" in w:
                read["Wo"] = w["Wo"][:, back]
            yield read


def _transposed(w: dict[str, Numbers]) -> Iterator[dict[str, Numbers]]:
    names = [name for name in w if name.startswith("W")]
    for turned in itertools.product((False, True), repeat=len(names)):
        yield {**w, **{name: w[name].T for name, turn in zip(names, turned) if turn}}


def _made(module: Any, d: int, heads: int, rng: np.random.Generator) -> Any:
    msa = module.MyMSA(d, heads).eval()
    randomise(msa, rng)
    return msa


def _shape(module: Any, maps: Maps) -> None:
    for d, heads, B, N in SIZES:
        for msa in (module.MyMSA(d, heads), module.MyMSA(d=d, n_heads=heads).eval()):
            got = msa(torch.randn(B, N, d))
            need(tuple(got.shape) == (B, N, d), f"the shape of {B} sequences of {N} tokens is kept")
            need(bool(torch.isfinite(got).all()), "a new module gives finite numbers")


def _formula(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(6)
    cases = []
    for d, heads, B, N in SIZES:
        msa = _made(module, d, heads, rng)
        x = drawn(rng, B, N, d)
        cases.append(
            (x.double().numpy(), as_numbers(msa(x), "attention"), declared(msa, maps), heads)
        )
    _judge_cases(cases)
    msa = module.MyMSA(6).eval()
    x = drawn(rng, 2, 4, 6)
    randomise(msa, rng)
    _judge_cases([(x.double().numpy(), as_numbers(msa(x), "attention"), declared(msa, maps), 2)])


def _judge_cases(cases: Cases) -> None:
    """One reading must do for all cases; the declared one is tried first."""
    for x, _, w, _ in cases:
        d = x.shape[-1]
        if any(w[f"W{role}"].shape != (d, d) for role in ROLES if f"W{role}" in w):
            raise Undecided("its maps have other shapes")
        if not {"Wq", "Wk", "Wv"} <= set(w):
            raise Undecided("its maps are not all there")
    errors = [_error(x, got, w, heads) for x, got, w, heads in cases]
    if max(errors) <= 1:
        return
    if max(errors) <= NEARLY:
        raise Undecided("attention: differs by next to nothing")
    if max(_error(x, got, _without_output(w), heads) for x, got, w, heads in cases) <= 1:
        raise Undecided(
            "attention without its output map, which is optional, though the layer is there"
        )
    for kind in (readings, _every_reading):
        if _one_does(cases, [kind(w, heads) for _, _, w, heads in cases]):
            return
    if _one_does(cases, [alike(w) for _, _, w, _ in cases]):
        raise Undecided("attention, but for a sign or a bias")
    worst = cases[int(np.argmax(errors))]
    raise Broken(f"attention by its formula, {worst[3]} heads of tokens {worst[0].shape}")


def _without_output(w: dict[str, Numbers]) -> dict[str, Numbers]:
    return {name: value for name, value in w.items() if not name.endswith("o")}


def _one_does(cases: Cases, kinds: Sequence[Iterator[dict[str, Numbers]]]) -> bool:
    return any(
        all(_error(x, got, w, heads) <= 1 for (x, got, _, heads), w in zip(cases, choice))
        for choice in zip(*kinds)
    )


def _every_reading(w: dict[str, Numbers], heads: int) -> Iterator[dict[str, Numbers]]:
    for turned in _transposed(w):
        yield from readings(turned, heads)


def _error(x: Numbers, got: Numbers, w: dict[str, Numbers], heads: int) -> float:
    want = attend(x, w, heads)
    return distance(got, want, atol=1e-5 * max(1.0, float(np.abs(want).max())))


def _distinct(module: Any, maps: Maps) -> None:
    msa = _made(module, 6, 2, np.random.default_rng(7))
    w = declared(msa, maps)
    for one, other in itertools.combinations(ROLES, 2):
        need(
            not np.allclose(w[f"W{one}"], w[f"W{other}"]),
            f"{one} and {other} have maps of their own",
        )


def _trained(module: Any, maps: Maps) -> None:
    trained(module.MyMSA(6, 2), maps, np.random.default_rng(8))


def _large(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(9)
    msa = module.MyMSA(8, 2).eval()
    randomise(msa, rng, 2.0)
    got = msa(drawn(rng, 2, 5, 8) * 50)
    need(bool(torch.isfinite(got).all()), "large scores give finite results")


def _gradient(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(10)
    gradients_reach(_made(module, 8, 2, rng), drawn(rng, 2, 5, 8), "the tokens")


def _input_stays(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(11)
    left_alone(_made(module, 8, 2, rng), drawn(rng, 2, 5, 8), "the tokens are not changed")


def _again(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(12)
    msa, x = _made(module, 8, 2, rng), drawn(rng, 2, 5, 8)
    need(torch.equal(msa(x.clone()), msa(x.clone())), "the same result twice, in evaluation mode")


def _indivisible(module: Any, maps: Maps) -> None:
    for d, heads in INDIVISIBLE:
        law = f"{d} features do not divide into {heads} heads"
        refuses(partial(module.MyMSA, d, heads), partial(module.MyMSA, 8, 2), law)


def _start(module: Any, maps: Maps) -> None:
    started_oddly(module.MyMSA(16, 2))


ATTENTION: tuple[Law, ...] = (
    _shape, _formula, _distinct, _trained, _large, _gradient, _input_stays, _again, _indivisible, _start,
)  # fmt: skip
