"""Kinds of input that a question's tests must try: without one, common mistakes stay hidden."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from autograder.isolation.remote import Call
from autograder.proof.blindspots import Sight
from checks.beside import spies

BOUND = {
    "spy_on_training": inspect.signature(spies.spy_on_training),
    "spy_on_evaluation": inspect.signature(spies.spy_on_evaluation),
}


def _patchify(test: Callable[[int, int, int, int, int], bool]) -> Callable[[Call], bool]:
    """Look at the images (B, C, H, W) that patchify is given, and at the number of patches."""

    def tries(call: Call) -> bool:
        if call.name != "patchify" or len(call.args) != 2:
            return False
        images, n = call.args
        if not isinstance(images, Tensor) or not isinstance(n, int):
            return False
        B, C, H, W = images.shape
        return test(B, C, H, W, n)

    return tries


def _table(test: Callable[[int, int], bool]) -> Callable[[Call], bool]:
    def tries(call: Call) -> bool:
        if call.name != "get_positional_embeddings" or len(call.args) != 2:
            return False
        N, d = call.args
        return isinstance(N, int) and isinstance(d, int) and test(N, d)

    return tries


def _attention(test: Callable[[int, Tensor], bool]) -> Callable[[Call], bool]:
    """Look at calls of a module with tokens, and at the number of heads that it was made with."""

    def tries(call: Call) -> bool:
        tokens = next((arg for arg in call.args if isinstance(arg, Tensor)), None)
        if not call.subject.startswith("MyMSA(") or tokens is None or tokens.dim() != 3:
            return False
        return test(int(call.subject.rstrip(")").split(", ")[-1]), tokens)

    return tries


def _sets_numbers(call: Call) -> bool:
    return call.name == "set_parameters" and any(
        isinstance(value, Mapping) and any(w.dim() == 1 and w.any() for w in value.values())
        for value in call.args
    )


def _model(test: Callable[[Sequence[int], Tensor], bool]) -> Callable[[Call], bool]:
    def tries(call: Call) -> bool:
        images = next((arg for arg in call.args if isinstance(arg, Tensor)), None)
        if not call.subject.startswith("LightViT(") or images is None or images.dim() != 4:
            return False
        inside = call.subject.removeprefix("LightViT((").split(")")[0]
        return test([int(part) for part in inside.split(", ")], images)

    return tries


def _loader(name: str, test: Callable[[int, int, bool], bool]) -> Callable[[Call], bool]:
    def tries(call: Call) -> bool:
        if call.name != name:
            return False
        given: Mapping[str, Any] = BOUND[name].bind(None, *call.args, **call.kwargs).arguments
        return test(len(given["images"]), given["batch"], given.get("drop_last", False))

    return tries


SIGHTS = (
    Sight("q1", "several channels", "channels last, or mixed", _patchify(lambda B, C, H, W, n: C > 1)),
    Sight("q1", "images that are not square", "one side used for both",
          _patchify(lambda B, C, H, W, n: H != W)),
    Sight("q1", "patches of another size than their number", "n_patches taken for the size",
          _patchify(lambda B, C, H, W, n: n > 1 and H // n != n)),
    Sight("q1", "several images", "a lost batch", _patchify(lambda B, C, H, W, n: B > 1)),
    Sight("q2", "six features or more", "sines first, wrong rates", _table(lambda N, d: d >= 6)),
    Sight("q2", "an odd number of features", "a missing last column", _table(lambda N, d: d % 2 == 1)),
    Sight("q2", "fifty tokens or more", "slightly wrong rates", _table(lambda N, d: N >= 50)),
    Sight("q3", "two heads or more", "heads mixed up, a root of d", _attention(lambda h, x: h > 1)),
    Sight("q3", "one head", "a fixed number of heads", _attention(lambda h, x: h == 1)),
    Sight("q3", "three tokens or more", "a wrong or missing softmax",
          _attention(lambda h, x: x.shape[1] > 2)),
    Sight("q3", "several sequences", "sequences that mix", _attention(lambda h, x: len(x) > 1)),
    Sight("q3", "random weights", "wrong scales, which differ little when fresh", _sets_numbers),
    Sight("q4", "norms with random gains and biases", "a norm used twice, or none", _sets_numbers),
    Sight("q5", "several channels", "a patch of the wrong length", _model(lambda d, x: x.shape[1] > 1)),
    Sight("q5", "images that are not square", "a patch of the wrong length",
          _model(lambda d, x: x.shape[2] != x.shape[3])),
    Sight("q5", "another batch size than image_dim", "a batch size taken from there",
          _model(lambda d, x: len(x) not in (1, d[0]))),
    Sight("q6", "a smaller last batch, in training", "a loss of another mean",
          _loader("spy_on_training", lambda n, batch, drop: n % batch > 0)),
    Sight("q6", "several batches", "gradients that pile up",
          _loader("spy_on_training", lambda n, batch, drop: n > batch)),
    Sight("q6", "a smaller last batch, in evaluation", "a mean of the batches' accuracies",
          _loader("spy_on_evaluation", lambda n, batch, drop: n % batch > 0 and not drop)),
    Sight("q6", "a loader that leaves images out", "a division by the size of the data set",
          _loader("spy_on_evaluation", lambda n, batch, drop: drop)),
)  # fmt: skip
