"""Train the student's model with our loop, and hand back its logits for digits without labels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from autograder.assignment.exercise import CLASSES, MEAN, MODEL, STD, build_model
from autograder.isolation.worker.progress import report_progress
from checks.beside.measurement import beside
from checks.beside.promise import Within
from checks.telling.failures import StudentError, the_tensor


@dataclass(frozen=True)
class TrainedModel:
    """What became of a model: its logits for the unseen images, and how many epochs it had.

    logits   what the model made of them, of any kind: the test says what it must be
    """

    logits: object
    epochs: Annotated[int, Within(1)]


@beside
def logits_after_training(
    module: object,
    images: Tensor,
    labels: Tensor,
    unseen: Tensor,
    run: Mapping[str, float],
    seed: int,
) -> TrainedModel:
    """Train the model on uint8 images (n, side, side) and return its logits for the unseen ones.

    run      epochs, batch_size, learning_rate, seconds: a slow model gets fewer epochs, so that
             its training ends within this time
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # whatever the student's file has set: more collapse on a busy machine
    order = torch.Generator().manual_seed(seed)
    model = build_model(module)
    model.train()
    batch = int(run["batch_size"])
    steps = len(images) // batch
    epochs = _affordable_epochs(model, _scaled(images[:batch]), labels[:batch], steps, run)
    optimizer = torch.optim.Adam(model.parameters(), lr=run["learning_rate"], fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=run["learning_rate"], total_steps=epochs * steps, pct_start=0.3
    )
    for epoch in range(epochs):
        shuffled = torch.randperm(len(images), generator=order)
        for step in range(steps):
            chosen = shuffled[step * batch : (step + 1) * batch]
            loss = _loss(model, _shifted(_scaled(images[chosen]), order), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            optimizer.step()
            schedule.step()
        report_progress(epoch + 1, epochs, f"training, loss {loss.item():.2f}")
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(_scaled(part)) for part in torch.split(unseen, 500)])
    return TrainedModel(logits, epochs)


def _affordable_epochs(
    model: Any, images: Tensor, labels: Tensor, steps: int, run: Mapping[str, float]
) -> int:
    """Return how many epochs fit into the time, from the time of two steps after a warm-up."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        _loss(model, images, labels).backward()  # type: ignore[no-untyped-call]  # as above
        times.append(time.perf_counter() - start)
    model.zero_grad(set_to_none=True)
    # A quarter is kept back: for the optimizer, for the unseen digits, for a busier machine.
    affordable = int(0.75 * run["seconds"] / (min(times[1:]) * steps))
    return max(1, min(int(run["epochs"]), affordable))


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
