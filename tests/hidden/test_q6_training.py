"""q6, hidden: modes, gradients of before, labels, a smaller last batch."""

from checks import CLOSE, builds_on, expect, expect_tensor, reported, weight
from checks.beside.spies import spy_on_evaluation, spy_on_training
from checks.judging.by_hand import epoch_by_hand
from checks.judging.device import expect_moved
from checks.words.compare import error

STEPS, ACCURACY = "test_every_batch_makes_one_step", "test_the_accuracy_is_a_share"


@weight(3)
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


@weight(3)
@reported
@builds_on(ACCURACY, "test_it_evaluates_without_gradients")
def test_it_evaluates_without_learning(train, draw):
    """evaluate runs in evaluation mode and changes nothing."""
    weights = draw(4, 3)
    seen = spy_on_evaluation(train, weights, draw(8, 1, 2, 2), draw.integers(0, 3, 8), 4)
    call = "evaluate(model, loader, device)"
    expect(not any(seen.training), call=call, expected="evaluation mode",
           got="training mode", why="Call model.eval() first.")  # fmt: skip
    expect_tensor(seen.weight, weights, call=f"the model's weights after {call}")
    expect(not seen.left_off, call=f"torch.is_grad_enabled() after {call}", expected="True",
           got="False", why="set_grad_enabled(False) stays: use `with torch.no_grad():`.")  # fmt: skip


@weight(2)
@reported
@builds_on(STEPS, ACCURACY, "test_images_go_to_the_device")
def test_labels_go_to_the_device(train, draw):
    """The labels of every batch are where the model's answers are."""
    expect_moved(train, draw, "labels")


@weight(2)
@builds_on(STEPS)
def test_a_smaller_last_batch_makes_a_step_too(train, draw):
    """A smaller last batch makes one step as well, by its own mean loss."""
    images, labels, weight_before = draw(7, 1, 2, 2), draw.integers(0, 3, 7), draw(4, 3)
    seen = spy_on_training(train, weight_before, images, labels, batch=3)
    expect_tensor(
        seen.weight,
        epoch_by_hand(weight_before, images, labels, batch=3)["right"],
        call="the model's weights after train_one_epoch(model, loader with a smaller last batch, ...)",
        tol=CLOSE,
    )
