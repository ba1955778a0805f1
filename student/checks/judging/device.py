"""Judge whether batches are moved to the device that the training functions are given."""

from __future__ import annotations

from typing import Any, Literal

from checks.beside.spies import spy_on_evaluation, spy_on_training
from checks.words.compare import expect
from checks.words.draw import Draw

LOOKED_AT = {"images": "what the model is given", "labels": "what meets the model's answers"}


def expect_moved(train: Any, draw: Draw, what: Literal["images", "labels"]) -> None:
    """Fail unless every batch's images, or its labels, are moved in training and in evaluation."""
    images, labels = draw(8, 1, 2, 2), draw.integers(0, 3, 8)

    def judge(name: str, well: bool) -> None:
        expect(
            well,
            call=f"{name}(..., device), looking at {LOOKED_AT[what]}",
            expected=f"{what}.to(device)",
            got=f"{what} as the loader gave them",
            why=f".to(device) gives a moved copy back: {what} = {what}.to(device).",
        )

    trained = spy_on_training(train, draw(4, 3), images, labels, 4)
    judge("train_one_epoch", all(trained.moved) if what == "images" else trained.labels_moved)
    evaluated = spy_on_evaluation(train, draw(4, 3), images, labels, 4)
    judge("evaluate", all(evaluated.moved) if what == "images" else not evaluated.mixed)
