"""Run a student's training functions on a model, an optimizer and a loader that keep a record."""

from __future__ import annotations

import contextlib
import unittest.mock
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from checks.beside.measurement import beside, calling
from checks.beside.moving import Noting
from checks.beside.promise import Count, Items, Name, Numbers

RATE = 0.1  # the spied optimizer is plain gradient descent: a step can be worked out by hand
SMOOTHING = 0.2  # of the criterion's labels: its loss is not that of any other criterion
LEFT_OVER = 1.0  # the gradient that the model comes with, as after somebody else's backward()
CPU = torch.device("cpu")


class StillOnLoader(torch.Tensor):
    """A batch as it leaves the loader; .to(device) turns it into an ordinary tensor.

    On a GPU .cpu(), .to() and .to(torch.float32) would leave it where it is.
    """

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        inherited: Any = super().__torch_function__  # it has no types
        result = inherited(func, types, args, kwargs or {})
        moved = getattr(func, "__name__", "") == "to" and _names_a_device(args[1:], kwargs or {})
        return result.as_subclass(torch.Tensor) if moved else result


def _names_a_device(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a device is among the arguments, or a tensor that is on one."""
    asked = [*args, *kwargs.values()]
    return any(isinstance(one, (torch.device, str, Tensor)) for one in asked)


@contextlib.contextmanager
def _moving_by_as_tensor() -> Iterator[None]:
    """Let torch.as_tensor(batch, device=device) count as moving, which asks no tensor about it."""
    real = torch.as_tensor

    def as_tensor(data: Any, *args: Any, **kwargs: Any) -> Tensor:
        stays = isinstance(data, StillOnLoader) and not _names_a_device(args, kwargs)
        return real(data, *args, **kwargs).as_subclass(StillOnLoader if stays else torch.Tensor)

    with unittest.mock.patch.object(torch, "as_tensor", as_tensor):
        yield


class SmallModel(nn.Module):
    """A linear classifier that records, at each forward, its mode and what it was given."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.record: dict[str, list[Any]] = {"training": [], "grad": [], "moved": [], "sizes": []}

    def forward(self, images: Tensor) -> Tensor:
        self.record["training"].append(bool(self.training))
        self.record["grad"].append(torch.is_grad_enabled())
        self.record["moved"].append(not isinstance(images, StillOnLoader))
        self.record["sizes"].append(len(images))
        return images.as_subclass(torch.Tensor).flatten(1) @ self.weight


class SpyCriterion(nn.CrossEntropyLoss):
    """Cross-entropy with smoothed labels that records whether the labels had been moved."""

    def __init__(self) -> None:
        super().__init__(label_smoothing=SMOOTHING)
        self.moved: list[bool] = []

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        if not input.is_floating_point() and target.is_floating_point():
            raise TypeError("criterion(logits, labels) was given the labels first")
        self.moved.append(not isinstance(target, StillOnLoader))
        return super().forward(input, target.as_subclass(torch.Tensor))


class SpySGD(torch.optim.SGD):
    """Plain gradient descent that counts its steps."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        return super().step(closure)


Flags = Annotated[list[bool], Items()]


@dataclass(frozen=True)
class Trained:
    """What train_one_epoch did to a spied model.

    results, kinds         what came back from every epoch, NaN where it is no number; its type
    weight                 the model's parameter afterwards
    steps                  of the optimizer
    labels_moved           whether the criterion's labels had been moved to the device
    training, grad, moved  at each forward: the model's mode, gradients recorded, images moved
    sizes                  at each forward: how many images
    """

    results: Annotated[list[float], Items(least=1)]
    kinds: Annotated[list[Name], Items(least=1)]
    weight: Numbers
    steps: Count
    labels_moved: bool
    training: Flags
    grad: Flags
    moved: Flags
    sizes: Annotated[list[Count], Items()]


@dataclass(frozen=True)
class Evaluated:
    """What evaluate did to a spied model.

    result, kind  what came back, NaN where it is no number; its type
    weight        the model's parameter afterwards
    left_off      whether gradients were still off after the call
    mixed         whether labels as the loader gives them met what the model returned, on its device

    and at each forward the same as in training
    """

    result: float
    kind: Name
    weight: Numbers
    left_off: bool
    mixed: bool
    training: Flags
    grad: Flags
    moved: Flags
    sizes: Annotated[list[Count], Items()]


@calling("train_one_epoch(model, loader, optimizer, criterion, device)")
@beside
def spy_on_training(
    train: object,
    weight: Tensor,
    images: Tensor,
    labels: Tensor,
    batch: int,
    epochs: int = 1,
    left_over: bool = False,
) -> Trained:
    """Run train_one_epoch on a spied model that arrives in evaluation mode.

    left_over  it arrives with a gradient of somebody else's, LEFT_OVER everywhere
    """
    model, criterion = SmallModel(weight), SpyCriterion()
    if left_over:
        model.weight.grad = torch.full_like(model.weight, LEFT_OVER)
    optimizer = SpySGD(model.parameters(), lr=RATE)
    results: list[float] = []
    kinds: list[str] = []
    for _ in range(epochs):
        model.eval()
        loader = _loader(images, labels, batch)
        with _moving_by_as_tensor():
            result = cast(Any, train).train_one_epoch(model, loader, optimizer, criterion, CPU)
        results.append(_number(result))
        kinds.append(_kind(result))
    return Trained(
        results=results,
        kinds=kinds,
        weight=model.weight.detach(),
        steps=optimizer.steps,
        labels_moved=all(criterion.moved),
        **model.record,
    )


@calling("evaluate(model, loader, device)")
@beside
def spy_on_evaluation(
    train: object,
    weight: Tensor,
    images: Tensor,
    labels: Tensor,
    batch: int,
    drop_last: bool = False,
) -> Evaluated:
    """Run evaluate on a spied model that arrives in training mode."""
    model = SmallModel(weight)
    loader = _loader(images, labels, batch, drop_last)
    noting = Noting([model.weight], left=StillOnLoader)
    with torch.enable_grad(), _moving_by_as_tensor(), noting:
        result = cast(Any, train).evaluate(model, loader, CPU)
        left_off = not torch.is_grad_enabled()
    return Evaluated(
        result=_number(result),
        kind=_kind(result),
        left_off=left_off,
        mixed=noting.mixed,
        weight=model.weight.detach(),
        **model.record,
    )


def _loader(images: Tensor, labels: Tensor, batch: int, drop_last: bool = False) -> Any:
    """Make a real DataLoader, so that len(loader), loader.dataset and the like are there."""

    def collate(items: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
        return [torch.stack(part).as_subclass(StillOnLoader) for part in zip(*items, strict=True)]

    data = TensorDataset(images, labels)
    return DataLoader(data, batch_size=batch, collate_fn=collate, drop_last=drop_last)


def _number(result: object) -> float:
    result = result.detach() if isinstance(result, Tensor) else result
    try:
        return float(cast(Any, result))
    except (TypeError, ValueError):
        return float("nan")


def _kind(result: object) -> str:
    """Name the type of a result: a batch as it left the loader is a tensor like any other."""
    known = next((kind for kind in (float, Tensor) if isinstance(result, kind)), type(result))
    return known.__name__
