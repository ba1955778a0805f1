"""q6, hidden: modes, gradients, the device, loaders that leave images out."""

import torch

from checks import CLOSE, builds_on, expect, expect_tensor, reported, weight
from checks.beside.spies import spy_on_evaluation, spy_on_training
from checks.judging.by_hand import accuracy_by_hand, answers_that_hit, drawn_hits, epoch_by_hand
from checks.words.compare import error

STEPS, ACCURACY = "test_every_batch_makes_one_step", "test_the_accuracy_is_a_share"


@weight(1)
@reported
@builds_on(STEPS)
def test_an_epoch_starts_afresh(train, draw):
    """Every epoch starts afresh: in training mode, and without a gradient from before."""
    images, labels, weight_before = draw(8, 1, 2, 2), draw.integers(0, 3, 8), draw(4, 3)
    seen = spy_on_training(train, weight_before, images, labels, 4, epochs=2)
    expect(
        bool(seen.training) and all(seen.training),
        call="train_one_epoch(model, ...), looking at model.training",
        expected="True at every batch",
        got="False",
        why="Call model.train() first: evaluate leaves the model in evaluation mode.",
    )
    seen = spy_on_training(train, weight_before, images, labels, 4, left_over=True)
    left_over = epoch_by_hand(weight_before, images, labels, batch=4)["left_over"]
    expect(
        error(seen.weight, left_over, CLOSE) > 1,
        call="train_one_epoch(model, ...), where the model has a gradient already",
        expected="steps of this epoch's gradients alone",
        got="a first step with the old gradient in it",
        why="Call optimizer.zero_grad() before backward(), not after the step.",
    )


@weight(1)
@reported
@builds_on(ACCURACY)
def test_it_evaluates_without_learning(train, draw):
    """evaluate runs in evaluation mode, without gradients, and changes nothing."""
    weights = draw(4, 3)
    seen = spy_on_evaluation(train, weights, draw(8, 1, 2, 2), draw.integers(0, 3, 8), 4)
    call = "evaluate(model, loader, device)"
    expect(not any(seen.training), call=call, expected="evaluation mode",
           got="training mode", why="Call model.eval() first.")  # fmt: skip
    expect(not any(seen.grad), call=call, expected="no gradients recorded",
           got="gradients", why="Wrap the loop in torch.no_grad().")  # fmt: skip
    expect_tensor(seen.weight, weights, call=f"the model's weights after {call}")
    expect(not seen.left_off, call=f"torch.is_grad_enabled() after {call}", expected="True",
           got="False", why="set_grad_enabled(False) stays: use `with torch.no_grad():`.")  # fmt: skip


@weight(1)
@reported
@builds_on(STEPS, ACCURACY)
def test_batches_go_to_the_device(train, draw):
    """Images and labels of every batch are moved to the device."""
    images, labels = draw(8, 1, 2, 2), draw.integers(0, 3, 8)
    trained = spy_on_training(train, draw(4, 3), images, labels, 4)
    evaluated = spy_on_evaluation(train, draw(4, 3), images, labels, 4)
    for name, moved in (
        ("train_one_epoch", all(trained.moved) and trained.labels_moved),
        ("evaluate", all(evaluated.moved) and not evaluated.mixed),
    ):
        expect(
            moved,
            call=f"{name}(..., device), looking at what the model and the criterion are given",
            expected="images.to(device), labels.to(device)",
            got="a batch as the loader gave it",
        )


@weight(1)
@builds_on(ACCURACY, "test_it_evaluates_without_learning")
def test_only_images_that_were_shown_count(train, draw):
    """A loader may leave images out: the accuracy is over those it shows."""
    images, weights = draw(27, 1, 2, 2), draw(4, 3)
    labels = answers_that_hit(images, weights, drawn_hits(draw, 27, batch=8))
    seen = spy_on_evaluation(train, weights, images, labels, batch=8, drop_last=True)
    right = accuracy_by_hand(weights, images[:24], labels[:24], batch=8)
    got = torch.tensor(seen.result)
    # A percentage or a count instead of the share is paid for elsewhere: these images, or more?
    wanted = (right["share"], 100 * right["share"], right["count"])
    expect_tensor(
        got,
        next((each for each in wanted if error(got, each, CLOSE) <= 1), right["share"]),
        call="evaluate(model, loader that drops the last, smaller batch, device)",
        tol=CLOSE,
        slips={
            "the count is divided by len(loader.dataset), not by the images shown.": (
                right["count"] / 27
            )
        },
    )
