"""q6, hidden: modes, gradients, the device, loaders that leave images out."""

import torch

from checks import CLOSE, expect, expect_tensor, reported, weight
from checks.beside.spies import spy_on_evaluation, spy_on_training
from checks.judging.by_hand import accuracy_by_hand, answers_that_hit, drawn_hits


@weight(1)
@reported
def test_it_trains_in_training_mode(train, draw):
    """Every epoch runs in training mode, also after an evaluation."""
    seen = spy_on_training(train, draw(4, 3), draw(8, 1, 2, 2), draw.integers(0, 3, 8), 4, epochs=2)
    expect(
        len(seen["training"]) >= 4,
        call="2 epochs of train_one_epoch(...) with 2 batches each, counting the model's calls",
        expected="4 or more",
        got=str(len(seen["training"])),
    )
    expect(
        all(seen["training"]),
        call="train_one_epoch(model, ...), looking at model.training",
        expected="True at every batch",
        got="False",
        why="Call model.train() first: evaluate leaves the model in evaluation mode.",
    )
    expect(
        set(seen["kinds"]) == {"float"},
        call="type(train_one_epoch(...))",
        expected="float",
        got=", ".join(sorted(set(seen["kinds"]))),
        why="loss.item() makes a plain number; a tensor would keep the whole graph alive."
        if "Tensor" in seen["kinds"]
        else "",
    )


@weight(1)
@reported
def test_it_evaluates_without_learning(train, draw):
    """evaluate runs in evaluation mode, without gradients, and changes nothing."""
    weights = draw(4, 3)
    seen = spy_on_evaluation(train, weights, draw(8, 1, 2, 2), draw.integers(0, 3, 8), 4)
    call = "evaluate(model, loader, device)"
    expect(not any(seen["training"]), call=call, expected="evaluation mode",
           got="training mode", why="Call model.eval() first.")  # fmt: skip
    expect(not any(seen["grad"]), call=call, expected="no gradients recorded",
           got="gradients", why="Wrap the loop in torch.no_grad().")  # fmt: skip
    expect_tensor(seen["weight"], weights, call=f"the model's weights after {call}")
    expect(seen["kind"] == "float", call=f"type({call})", expected="float", got=seen["kind"])


@weight(1)
@reported
def test_batches_go_to_the_device(train, draw):
    """Images and labels of every batch are moved to the device."""
    images, labels = draw(8, 1, 2, 2), draw.integers(0, 3, 8)
    trained = spy_on_training(train, draw(4, 3), images, labels, 4)
    evaluated = spy_on_evaluation(train, draw(4, 3), images, labels, 4)
    for name, moved in (
        ("train_one_epoch", all(trained["moved"]) and trained["labels_moved"]),
        ("evaluate", all(evaluated["moved"])),
    ):
        expect(
            moved,
            call=f"{name}(..., device), looking at what the model and the criterion are given",
            expected="images.to(device), labels.to(device)",
            got="a batch as the loader gave it",
        )


@weight(1)
def test_only_images_that_were_shown_count(train, draw):
    """A loader may leave images out: the accuracy is over those it shows."""
    images, weights = draw(27, 1, 2, 2), draw(4, 3)
    labels = answers_that_hit(images, weights, drawn_hits(draw, 27, batch=8))
    seen = spy_on_evaluation(train, weights, images, labels, batch=8, drop_last=True)
    right = accuracy_by_hand(weights, images[:24], labels[:24], batch=8)
    expect_tensor(
        torch.tensor(seen["result"]),
        right["share"],
        call="evaluate(model, loader that drops the last, smaller batch, device)",
        tol=CLOSE,
        slips={
            "the count is divided by len(loader.dataset), not by the images shown.": (
                right["count"] / 27
            )
        },
    )
