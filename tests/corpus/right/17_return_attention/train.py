"""Unusual: type hints throughout, math.fsum for the mean, count_nonzero for the hits."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Batches = Iterable[tuple[Tensor, Tensor]]


def train_one_epoch(
    model: nn.Module,
    loader: Batches,
    optimizer: Optimizer,
    criterion: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
) -> float:
    model.train()
    parts: list[float] = []
    seen: int = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad(set_to_none=False)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        parts.append(loss.item() * images.shape[0])
        seen += images.shape[0]
    return math.fsum(parts) / seen


@torch.inference_mode(mode=True)
def evaluate(model: nn.Module, loader: Batches, device: torch.device | str) -> float:
    training, _ = model.training, model.eval()
    hits: int = 0
    seen: int = 0
    for images, labels in loader:
        answers = torch.argmax(model(images.to(device)), dim=1)
        hits += int(torch.count_nonzero(answers == labels.to(device)))
        seen += labels.shape[0]
    model.train(training)
    return hits / seen
