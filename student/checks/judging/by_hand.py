"""What an epoch and an evaluation must come to, worked out with explicit formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from checks.beside.spies import LEFT_OVER, RATE, SMOOTHING
from checks.words.draw import Draw


def epoch_by_hand(weight: Tensor, images: Tensor, labels: Tensor, batch: int) -> dict[str, Tensor]:
    """Return the linear classifier's weight after plain gradient steps, right and as mistaken.

    returns  a weight by the name of what was done, and the losses on the way by "losses" and that
             name; "right" is what is asked for
    """
    batches = [
        (rows.double(), answers)
        for rows, answers in zip(
            torch.split(images.flatten(1), batch), torch.split(labels, batch), strict=True
        )
    ]
    old = torch.full_like(weight.double(), LEFT_OVER)
    ways = {
        "right": _descend(weight, batches),
        "piled_up": _descend(weight, batches, cleared=False),
        "left_over": _descend(weight, batches, old=old),
        "first_only": _descend(weight, batches[:1]),
        "last_only": _descend(weight, batches[-1:]),
        "summed": _step_of_all(weight, batches, 1),
        "averaged": _step_of_all(weight, batches, 1 / len(batches)),
        "first_again": _descend(weight, [batches[0]] * len(batches)),
        "softmaxed": _descend(weight, batches, loss=_loss_of_softmax),
        "own_criterion": _descend(weight, batches, loss=_loss_without_smoothing),
        "unmoved": (weight, [_loss(weight.double(), *each) for each in batches]),
    }
    found = {name: moved.float() for name, (moved, _) in ways.items()}
    losses = {f"losses {name}": torch.stack(each).float() for name, (_, each) in ways.items()}
    return found | losses


Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of weight, rows and labels


def _loss(weight: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(rows @ weight, labels, label_smoothing=SMOOTHING)


def _loss_without_smoothing(weight: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(rows @ weight, labels)


def _loss_of_softmax(weight: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of probabilities that are taken for logits."""
    return cross_entropy((rows @ weight).softmax(1), labels, label_smoothing=SMOOTHING)


def _descend(
    weight: Tensor,
    batches: Sequence[tuple[Tensor, Tensor]],
    loss: Loss = _loss,
    old: Tensor | None = None,
    cleared: bool = True,
) -> tuple[Tensor, list[Tensor]]:
    """Take one plain step a batch; return where that leads, and the losses on the way.

    old      a gradient from before, which the first step still has in it
    cleared  whether the gradient is cleared after every step
    """
    at, losses = weight.double(), []
    pile = torch.zeros_like(at) if old is None else old
    for rows, labels in batches:
        here = at.detach().requires_grad_()
        value = loss(here, rows, labels)
        pile = pile + torch.autograd.grad(value, here)[0]
        at = at - RATE * pile
        pile = torch.zeros_like(at) if cleared else pile
        losses.append(value.detach())
    return at, losses


def _step_of_all(
    weight: Tensor, batches: Sequence[tuple[Tensor, Tensor]], share: float
) -> tuple[Tensor, list[Tensor]]:
    """Take one step along the sum of all batches' losses, times `share`."""
    moves = [_descend(weight, [each]) for each in batches]
    at = weight + share * torch.stack([moved - weight for moved, _ in moves]).sum(0)
    return at, [loss for _, (loss,) in moves]


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
    """Draw which images are classified correctly: so many that no mistaken average is right.

    Nor is it half of them: those that are not classified correctly are another share.
    """
    while True:
        hits = draw.integers(0, 2, count)
        parts = torch.stack([part.double().mean() for part in torch.split(hits, batch)])
        mistaken = torch.stack([parts.mean(), parts[-1], *torch.tensor([0.0, 0.5, 1.0])])
        if (hits.double().mean() - mistaken).abs().min() > 0.01:
            return hits
