"""The last two pieces with a linear model whose steps are computed here, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .laws import Broken, Law, Maps, Numbers, Undecided, as_numbers, close, drawn, need

RATE, MOMENTUM, SCALE = 0.3, 0.8, 1.7  # of the optimizer, and what the criterion is multiplied with
BATCHES = ((4, 4, 3), (5,), (3, 1), (2, 2, 2, 2), (6, 5, 1))
DEVICE = torch.device("cpu")
MOVES = ("to", "cpu", "cuda")


class Placed(Tensor):
    """A tensor that knows where it would be, if the device were another than the loader's."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in MOVES:
            return _moved(name, args, kwargs or {})
        places = {type(arg) for arg in _flat(args) if type(arg) in (OnLoader, OnDevice)}
        if len(places) == 2:
            raise RuntimeError("tensors on two devices")
        if name == "numpy" and OnDevice in places:
            raise TypeError("a tensor on a device has no numpy array")
        return super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]


class OnLoader(Placed):
    """As a loader gives it."""


class OnDevice(Placed):
    """Where the model is."""


def _flat(args: Any) -> Iterator[Any]:
    for arg in args:
        if isinstance(arg, (list, tuple)):
            yield from _flat(arg)
        else:
            yield arg


def _moved(name: str, args: Any, kwargs: Any) -> Any:
    tensor, *rest = args
    plain = tensor.as_subclass(Tensor)
    if name == "cpu":
        return plain.as_subclass(OnLoader)
    places = [arg for arg in (*rest, *kwargs.values()) if isinstance(arg, (str, torch.device))]
    result = plain.to(*rest, **kwargs)
    return result.as_subclass(OnDevice if places else type(tensor))


@dataclass
class Loader:
    """Gives batches, shows only a part of its data set, and knows how many batches there are."""

    batches: list[tuple[Tensor, Tensor]]
    dataset: range = field(default_factory=lambda: range(1000))

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return ((x.as_subclass(OnLoader), y.as_subclass(OnLoader)) for x, y in self.batches)


class Linear(nn.Module):
    """One matrix; looks at how it is called."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.modes: list[bool] = []
        self.grads: list[bool] = []

    def forward(self, images: Tensor) -> Tensor:
        need(type(images) is OnDevice, "images go to the device first")
        self.modes.append(self.training)
        self.grads.append(torch.is_grad_enabled())
        return images.flatten(1) @ self.weight.T


class Criterion:
    """A scaled cross-entropy; looks at what it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        need(type(labels) is OnDevice, "labels go to the device first")
        self.seen += 1
        return nn.functional.cross_entropy(logits, labels) * SCALE


def _batches(rng: np.random.Generator, sizes: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
    return [(drawn(rng, n, 2, 1, 3), torch.from_numpy(rng.integers(0, 4, n))) for n in sizes]


def _epoch(weight: Numbers, speed: Numbers, batches: Any) -> tuple[Numbers, Numbers, list[float]]:
    """Take one step of gradient descent for each batch; return also the mean loss of every one."""
    losses = []
    for images, labels in batches:
        x, y = images.flatten(1).double().numpy(), labels.numpy()
        logits = x @ weight.T
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        losses.append(float(-SCALE * np.log(shares[np.arange(len(y)), y]).mean()))
        shares[np.arange(len(y)), y] -= 1
        speed = MOMENTUM * speed + SCALE * shares.T @ x / len(y)
        weight = weight - RATE * speed
    return weight, speed, losses


def _trains(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(27)
    for sizes in BATCHES:
        model, criterion = Linear(drawn(rng, 4, 6)), Criterion()
        optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM)
        model.eval()
        model.weight.grad = drawn(rng, 4, 6)  # from before: not this epoch's
        weight, speed = model.weight.detach().double().numpy(), np.zeros((4, 6))
        for _ in range(2):
            batches = _batches(rng, sizes)
            got = module.train_one_epoch(model, Loader(batches), optimizer, criterion, DEVICE)
            weight, speed, losses = _epoch(weight, speed, batches)
            close(model.weight, weight, "one step for each batch, by its own gradient")
            need(all(model.modes), "it trains in training mode")
            _mean(got, losses, sizes)
            model.eval()


def _mean(got: object, losses: list[float], sizes: tuple[int, ...]) -> None:
    need(isinstance(got, float), "the mean loss is a plain float")
    assert isinstance(got, float)
    means = (float(np.mean(losses)), float(np.average(losses, weights=sizes)))
    errors = [abs(got - mean) / (1e-5 + 1e-4 * mean) for mean in means]
    need(min(errors) <= 1, "the mean loss, of all images or of the batches' means")


def _counts_losses(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(28)
    model, criterion = Linear(drawn(rng, 4, 6)), Criterion()
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    module.train_one_epoch(model, Loader(_batches(rng, (3, 3, 2))), optimizer, criterion, DEVICE)
    need(criterion.seen >= 3, "the criterion that is handed over is used")


def _answers(rng: np.random.Generator, model: Linear, sizes: tuple[int, ...], hits: Any) -> Any:
    """Return batches of which the model answers those right that `hits` says."""
    batches = []
    for images, _ in _batches(rng, sizes):
        best = (images.flatten(1) @ model.weight.detach().T).argmax(1)
        miss = torch.from_numpy(~hits(rng, len(images)))
        batches.append(
            (images, (best + miss * torch.from_numpy(rng.integers(1, 4, len(images)))) % 4)
        )
    return batches


def _some(rng: np.random.Generator, n: int) -> Any:
    return rng.random(n) < 0.6


HITS = (_some, lambda rng, n: np.ones(n, bool), lambda rng, n: np.zeros(n, bool), _some)


def _accuracy(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(29)
    undecided = ""
    for sizes in BATCHES:
        for hits in HITS:
            model = Linear(drawn(rng, 4, 6)).train()
            batches = _answers(rng, model, sizes, hits)
            got = module.evaluate(model, Loader(batches), DEVICE)
            right = [
                (x.flatten(1).double().numpy() @ as_numbers(model.weight, "").T).argmax(1)
                == y.numpy()
                for x, y in batches
            ]
            want = float(np.concatenate(right).mean())
            if not isinstance(got, (int, float)):
                undecided = "the accuracy is a number, and no plain one"
            try:
                number = float(got)
            except (TypeError, ValueError):
                raise Broken("the accuracy is a number") from None
            need(abs(number - want) < 1e-5, "the share of the images that are classified correctly")
            need(not any(model.modes) and len(model.modes) > 0, "it evaluates in evaluation mode")
            need(not any(model.grads), "it evaluates without gradients")
    if undecided:
        raise Undecided(undecided)


def _learns_nothing(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(30)
    model = Linear(drawn(rng, 4, 6))
    model.weight.grad = drawn(rng, 4, 6)
    weight, grad = model.weight.detach().clone(), model.weight.grad.clone()
    loader = Loader(_batches(rng, (4, 3)))
    first, second = (module.evaluate(model, loader, DEVICE) for _ in range(2))
    need(first == second, "the same accuracy twice")
    need(torch.equal(model.weight, weight), "evaluation changes no weight")
    need(torch.equal(model.weight.grad, grad), "evaluation changes no gradient")
    need(torch.is_grad_enabled(), "gradients are recorded again after evaluation")


TRAINING: tuple[Law, ...] = (_trains, _counts_losses)
EVALUATION: tuple[Law, ...] = (_accuracy, _learns_nothing)
