"""The accuracy mark: digits and bars that a student's model is held to, after our training of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from autograder.assignment.config import Assignment, TrainingSettings
from autograder.assignment.digits import LEARN, TEST, read_digits
from autograder.assignment.exercise import MODEL
from autograder.isolation.worker.graded_run import logits_after_training

GUESSED = 0.12  # more than who always says the same digit gets, whichever it is
FIRST_TRY = 0.6  # of the time for training: a slow model needs it in one piece


@dataclass(frozen=True)
class AccuracyMark:
    """How much of the accuracy mark a model earns."""

    share: float
    message: str
    accuracy: float


class GradedRun:
    """The digits and settings behind the accuracy mark; the hidden labels stay in here."""

    def __init__(self, assignment: Assignment, data: Path | None, seed: int) -> None:
        self._training: TrainingSettings = assignment.settings.training
        self._seconds = assignment.settings.limits.seconds_for_training
        self._seed = seed
        self.accuracy: float | None = None  # of the best try so far
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

    def train(self, module: object, seed: int) -> tuple[object, int]:
        """Train the student's model beside it; return its logits, and after how many epochs."""
        training = self._training
        run = {
            "epochs": training.epochs,
            "batch_size": training.batch_size,
            "learning_rate": training.learning_rate,
            "seconds": FIRST_TRY * self._seconds,
        }
        result = logits_after_training(module, self._images, self._labels, self._unseen, run, seed)
        return result.logits, result.epochs

    def seeds(self) -> Iterator[int]:
        """Yield the seed of each try: a second one if the first has left time for it."""
        started = time.monotonic()
        yield self._seed
        if time.monotonic() - started < (1 - FIRST_TRY) * self._seconds:
            yield self._seed + 1

    def better(self, best: AccuracyMark | None, logits: Tensor, epochs: int) -> AccuracyMark:
        """Return the mark for these logits, or the one of an earlier try if that is higher."""
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
            f"All points from {full:.0%} on, none below {min(none, full):.0%}.{short}"
        )
        mark = AccuracyMark(share, message, accuracy)
        best = mark if best is None or mark.share > best.share else best
        self.accuracy = best.accuracy
        return best
