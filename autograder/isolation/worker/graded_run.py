"""Train the student's model with our loop, and hand back its logits for digits without labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.assignment.exercise import CLASSES, MEAN, MODEL, STD, build_model
from autograder.isolation.worker.progress import report_progress
from checks.beside.measurement import beside
from checks.telling.failures import StudentError, the_tensor


@beside
def train_some_steps(module: object, images: Tensor, labels: Tensor, steps: int) -> None:
    """Take some steps of a training that is thrown away: what they cost is seen from outside."""
    torch.set_num_threads(1)
    model = build_model(module)
    model.train()
    for _ in range(steps):
        _loss(model, _scaled(images), labels).backward()  # type: ignore[no-untyped-call]  # torch does not annotate it


@beside
def logits_after_training(
    module: object,
    images: Tensor,
    labels: Tensor,
    unseen: Tensor,
    run: Mapping[str, float],
    seed: int,
) -> object:
    """Train the model on uint8 images (n, side, side) and return its logits for the unseen ones.

    run      epochs, batch_size, learning_rate
    returns  logits (len(unseen), classes), if the model makes them: the test says what they must be
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # whatever the student's file has set: more collapse on a busy machine
    order = torch.Generator().manual_seed(seed)
    model = build_model(module)
    model.train()
    batch, epochs = int(run["batch_size"]), int(run["epochs"])
    steps = len(images) // batch
    with torch.no_grad():
        _loss(model, _scaled(images[:batch]), labels[:batch])  # lazily built layers come into being
    optimizer = torch.optim.Adam(model.parameters(), lr=run["learning_rate"], fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=run["learning_rate"],
        total_steps=epochs * steps,
        pct_start=0.3,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    for epoch in range(epochs):
        shuffled = torch.randperm(len(images), generator=order)
        for step in range(steps):
            chosen = shuffled[step * batch : (step + 1) * batch]
            loss = _loss(model, _shifted(_scaled(images[chosen]), order), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # as above
            optimizer.step()
            schedule.step()
        report_progress(epoch + 1, epochs, f"training, loss {loss.item():.2f}")
    model.eval()
    with torch.no_grad():
        return torch.cat([model(_scaled(part)) for part in torch.split(unseen, 500)])


def _loss(model: Any, images: Tensor, labels: Tensor) -> Tensor:
    logits = the_tensor(model(images), f"{MODEL}.forward")
    if logits.shape != (len(images), CLASSES):
        shape = f"a tensor of shape {tuple(logits.shape)}, not ({len(images)}, {CLASSES})"
        raise StudentError("wrong_result", f"{MODEL}.forward returned {shape}.")
    return nn.functional.cross_entropy(logits, labels)


def _scaled(pixels: Tensor) -> Tensor:
    return ((pixels.float() / 255 - MEAN) / STD)[:, None]


def _shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Move every image by -1, 0 or 1 pixel in both directions; the edge is filled with black."""
    B, _, H, W = images.shape
    padded = nn.functional.pad(images, (1, 1, 1, 1), value=-MEAN / STD)
    shift = torch.randint(0, 3, (2, B), generator=generator)
    rows = (shift[0][:, None] + torch.arange(H))[:, None, :, None]
    columns = (shift[1][:, None] + torch.arange(W))[:, None, None, :]
    each = torch.arange(B)[:, None, None, None]
    return padded[each, 0, rows, columns]
