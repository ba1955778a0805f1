"""The accuracy mark: digits and bars that a student's model is held to, after our training of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autograder.assignment.config import Assignment, TrainingSettings
from autograder.assignment.digits import LEARN, TEST, read_digits
from autograder.assignment.exercise import FIRST_MODULE, GUESSED, MODEL
from autograder.isolation.budget import Spent
from autograder.isolation.remote import Proxy
from autograder.isolation.worker.graded_run import logits_after_training, train_some_steps

FIRST_TRY = 0.6  # of the time for training: a slow model needs it in one piece
KEPT_BACK = 0.25  # of that, for the optimizer and for the unseen digits
TIMED_STEPS = 4
# A bar for few epochs is for a model whose training took the time that was foreseen, or nearly so.
NEARLY = 1.5


@dataclass(frozen=True)
class AccuracyMark:
    """How much of the accuracy mark a model earns."""

    share: float
    message: str
    accuracy: float


@dataclass(frozen=True)
class Try:
    """One training: for how many epochs, whose bar holds for it, what came out, and what it took."""

    epochs: int
    bar_of: int
    logits: Any  # a test says what they must be
    spent: Spent

    def __str__(self) -> str:
        return f"{self.epochs} epochs: {self.spent}"


class GradedRun:
    """The digits and settings behind the accuracy mark; the hidden labels stay in here."""

    def __init__(self, assignment: Assignment, data: Path | None, seed: int) -> None:
        self._training: TrainingSettings = assignment.settings.training
        self._seconds = assignment.settings.limits.seconds_for_training
        self._seed = seed
        self.accuracy: float | None = None  # of the best try so far
        self.tries_so_far: list[Try] = []
        student = assignment.student / "data"
        parts = [read_digits(data or student, LEARN)]
        if data is None:
            parts.append(read_digits(student, TEST))
        self._images, self._labels = (torch.cat(column) for column in zip(*parts))
        self._unseen, self._answers = read_digits(data or assignment.tests / "data", TEST)

    @property
    def n_hidden(self) -> int:
        """Return the number of hidden digits."""
        return len(self._unseen)

    def tries(self, module: Proxy) -> Iterator[Try]:
        """Train the student's model beside it, until it reaches the bar or there is no time left.

        A short run comes first, held to the bar of the whole one: what learns well is through with
        it. Only what falls short of the bar is trained for longer, and once more if there is time:
        each in a worker of its own, so that no model goes on with what an earlier one has learned.

        How long a step takes is seen from outside, and on the model's own time: so a busy machine
        changes nothing, and what the worker says of itself does not either.
        """
        training = self._training
        epochs = self._affordable(self._seconds_of_an_epoch(module))
        if training.epochs_at_first and epochs == training.epochs:
            yield self._train(module, training.epochs_at_first, bar_of=epochs)
            module = module.afresh_(FIRST_MODULE)
        yield self._train(module, epochs)
        spent = sum(done.spent.own for done in self.tries_so_far)
        if spent + self.tries_so_far[-1].spent.own < self._seconds:
            yield self._train(module.afresh_(FIRST_MODULE), epochs)

    def _train(self, module: Proxy, epochs: int, bar_of: int = 0) -> Try:
        """Train once, with a seed of its own."""
        training = self._training
        run = {
            "epochs": epochs,
            "batch_size": training.batch_size,
            "learning_rate": training.learning_rate,
        }
        seed = self._seed + len(self.tries_so_far)
        before = module.spent_()
        logits = logits_after_training(module, self._images, self._labels, self._unseen, run, seed)
        spent = module.spent_().since(before)
        bar_of = max(bar_of or epochs, self._affordable(NEARLY * spent.cpu / epochs))
        self.tries_so_far.append(Try(epochs, bar_of, logits, spent))
        return self.tries_so_far[-1]

    def _seconds_of_an_epoch(self, module: Proxy) -> float:
        batch = self._training.batch_size
        images, labels = self._images[:batch], self._labels[:batch]
        train_some_steps(module, images, labels, 1)  # whatever is done once is done now
        before = module.spent_()
        train_some_steps(module, images, labels, TIMED_STEPS)
        step = module.spent_().since(before).own / TIMED_STEPS
        return step * (len(self._images) // batch)

    def _affordable(self, seconds_of_an_epoch: float) -> int:
        """Return how many epochs fit into the time, of those that there is a bar for."""
        training = self._training
        most = (1 - KEPT_BACK) * FIRST_TRY * self._seconds / max(seconds_of_an_epoch, 1e-9)
        if most >= training.epochs:
            return training.epochs
        bars = training.full_credit_from
        return max((n for n in bars if n <= min(most, training.epochs)), default=min(bars))

    def better(self, best: AccuracyMark | None, logits: Tensor, epochs: int) -> AccuracyMark:
        """Return the mark for these logits, or the one of an earlier try if that is higher.

        epochs   whose bar holds
        """
        accuracy = float((logits.double().argmax(1) == self._answers).double().mean())
        bars = self._training.full_credit_from
        full = bars[max((n for n in bars if n <= epochs), default=min(bars))]
        none = max(full - self._training.band, GUESSED)
        between = none < accuracy < full
        share = (accuracy - none) / (full - none) if between else float(accuracy >= full)
        short = (
            f" Your model was so slow that there was time for {epochs} epochs only; the bar is lower."
            if epochs < self._training.epochs
            else ""
        )
        message = (
            f"Trained by our loop, your {MODEL} reads {accuracy:.1%} of the hidden digits.\n"
            f"All points from {full:.1%} on, none below {min(none, full):.1%}.{short}"
        )
        mark = AccuracyMark(share, message, accuracy)
        best = mark if best is None or mark.share > best.share else best
        self.accuracy = best.accuracy
        return best
