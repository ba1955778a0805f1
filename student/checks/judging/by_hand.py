"""What an epoch and an evaluation must come to, worked out with explicit formulas."""

from __future__ import annotations

import torch
from torch import Tensor

from checks.beside.spies import RATE
from checks.words.draw import Draw


def epoch_by_hand(weight: Tensor, images: Tensor, labels: Tensor, batch: int) -> dict[str, Tensor]:
    """Return the linear classifier's weight after plain gradient steps, right and as mistaken."""
    right = piled_up = weight.double()
    pile = torch.zeros_like(right)
    first_again = softmaxed = right
    first_only = None
    first: tuple[Tensor, Tensor] | None = None
    losses, losses_piled_up, losses_unmoved, losses_softmaxed = [], [], [], []
    for rows, answers in zip(
        torch.split(images.flatten(1), batch), torch.split(labels, batch), strict=True
    ):
        losses.append(_loss(right, rows, answers))
        losses_piled_up.append(_loss(piled_up, rows, answers))
        losses_unmoved.append(_loss(weight, rows, answers))
        right = right - RATE * _gradient(right, rows.double(), answers)
        pile = pile + _gradient(piled_up, rows.double(), answers)
        piled_up = piled_up - RATE * pile
        first_only = right if first_only is None else first_only
        first = first or (rows.double(), answers)
        first_again = first_again - RATE * _gradient(first_again, *first)
        loss, slope = _loss_of_softmax(softmaxed, rows.double(), answers)
        softmaxed = softmaxed - RATE * slope
        losses_softmaxed.append(loss)
    assert first_only is not None
    return {
        "weight": right.float(),
        "piled_up": piled_up.float(),
        "first_only": first_only.float(),
        "first_again": first_again.float(),
        "softmaxed": softmaxed.float(),
        "losses": torch.stack(losses).float(),
        "losses_piled_up": torch.stack(losses_piled_up).float(),
        "losses_unmoved": torch.stack(losses_unmoved).float(),
        "losses_softmaxed": torch.stack(losses_softmaxed).float(),
    }


def accuracy_by_hand(
    weight: Tensor, images: Tensor, labels: Tensor, batch: int
) -> dict[str, Tensor]:
    """Return the share of right answers, and the numbers that common mistakes give instead."""
    answers = (images.flatten(1) @ weight).argmax(1)
    hits = (answers == labels).float()
    pairs = [
        (one[:, None] == other).sum()
        for one, other in zip(torch.split(answers, batch), torch.split(labels, batch))
    ]
    of_batches = torch.stack([part.mean() for part in torch.split(hits, batch)])
    return {
        "share": hits.mean(),
        "count": hits.sum(),
        "mean_of_batches": of_batches.mean(),
        "last_batch": of_batches[-1],
        "pairs": torch.stack(pairs).sum() / len(labels),
    }


def answers_that_hit(images: Tensor, weight: Tensor, hits: Tensor) -> Tensor:
    """Return labels for which the linear classifier is right exactly where `hits` is 1."""
    answers = (images.flatten(1) @ weight).argmax(1)
    return (answers + 1 - hits) % weight.shape[1]


def drawn_hits(draw: Draw, count: int, batch: int) -> Tensor:
    """Draw which images are classified correctly: so many that no mistaken average is right."""
    while True:
        hits = draw.integers(0, 2, count)
        parts = torch.stack([part.double().mean() for part in torch.split(hits, batch)])
        mistaken = torch.stack([parts.mean(), parts[-1], torch.tensor(1.0), torch.tensor(0.0)])
        if (hits.double().mean() - mistaken).abs().min() > 0.01:
            return hits


def _loss(weight: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(rows.double() @ weight.double(), labels)


def _loss_of_softmax(weight: Tensor, rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy of probabilities that are taken for logits, and its gradient."""
    weight = weight.detach().requires_grad_()
    loss = torch.nn.functional.cross_entropy((rows @ weight).softmax(1), labels)
    return loss.detach(), torch.autograd.grad(loss, weight)[0]


def _gradient(weight: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the mean cross-entropy: rows^T (softmax - one-hot) / n."""
    excess = (rows @ weight).softmax(1)
    excess[torch.arange(len(labels)), labels] -= 1
    return rows.T @ excess / len(labels)
