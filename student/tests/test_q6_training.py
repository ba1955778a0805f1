"""q6, visible: one epoch and one evaluation worked out by hand, no gradients, the device."""

import math

import torch

from checks import CLOSE, builds_on, expect, expect_tensor, for_sizes, law, reported, weight
from checks.beside.spies import spy_on_evaluation, spy_on_training
from checks.judging.by_hand import accuracy_by_hand, answers_that_hit, drawn_hits, epoch_by_hand
from checks.judging.device import expect_moved
from checks.words.compare import error

STEPS, ACCURACY = "test_every_batch_makes_one_step", "test_the_accuracy_is_a_share"


def digits(draw, count):
    """Draw `count` tiny images (1, 2, 2) with labels of 3 classes, and a classifier's weight."""
    return draw(count, 1, 2, 2), draw.integers(0, 3, count), draw(4, 3)


def expect_a_float(result, kind, call):
    expect(not math.isnan(result), call=call, expected="a number", got=kind)
    expect(
        kind == "float",
        call=f"type({call})",
        expected="float",
        got=kind,
        why="Return a plain number, which .item() makes: a loss that stays a tensor keeps its graph."
        if kind == "Tensor"
        else "",
    )


@weight(3)
def test_every_batch_makes_one_step(train, draw):
    """After an epoch of three batches, the weights are those of three steps."""

    def check(batches, batch):
        images, labels, weight_before = digits(draw, batches * batch)
        seen = spy_on_training(train, weight_before, images, labels, batch)
        hand = epoch_by_hand(weight_before, images, labels, batch)
        expect_tensor(
            seen.weight,
            hand["right"],
            call="the model's weights after train_one_epoch(model, loader, ...), with batches of "
            + ", ".join([str(batch)] * batches),
            tol=CLOSE,
            slips={
                "gradients pile up: call optimizer.zero_grad() for every batch.": hand["piled_up"],
                "no step is taken, or the gradients are cleared before it.": weight_before,
                "only the first batch is used: is the `return` inside the loop?": hand[
                    "first_only"
                ],
                "only the last batch makes a step: backward() and step() belong inside the loop.": (
                    hand["last_only"]
                ),
                "all batches together make one step: backward() and step() belong inside the loop.": (
                    hand["summed"]
                ),
                "one step is taken along the mean of all losses: each batch takes a step of its own.": (
                    hand["averaged"]
                ),
                "the first batch is used every time: go through the loader with `for`.": (
                    hand["first_again"]
                ),
                "there is a softmax before the criterion: nn.CrossEntropyLoss does that itself.": (
                    hand["softmaxed"]
                ),
                "the loss is one of your own: call the criterion that is given.": (
                    hand["own_criterion"]
                ),
            },
            why=lambda: (
                "The weights change, though optimizer.step() is never called: take the steps "
                "with the optimizer that is given."
                if not seen.steps
                else ""
            ),
        )

    for_sizes(check, batches=(1, 2, 3), batch=(1, 4))


@weight(1)
@law
@builds_on(STEPS)
def test_the_loss_is_the_mean(train, draw):
    """train_one_epoch returns the mean loss of the epoch."""
    images, labels, weight_before = digits(draw, 10)
    seen = spy_on_training(train, weight_before, images, labels, batch=4)
    hand = epoch_by_hand(weight_before, images, labels, batch=4)
    losses = hand["losses right"]
    sizes = torch.tensor([4, 4, 2])
    expect_a_float(seen.results[0], seen.kinds[0], "train_one_epoch(...)")
    got = torch.tensor(seen.results[0])
    # Both ways to take the mean are right; and wrong steps, with other losses, are paid for above.
    means = [
        mean
        for way in ("right", "piled_up", "own_criterion", "unmoved")
        for mean in (
            (hand[f"losses {way}"] * sizes).sum() / sizes.sum(),
            hand[f"losses {way}"].mean(),
        )
    ]
    expect_tensor(
        got,
        next((mean for mean in means if error(got, mean, CLOSE) <= 1), means[0]),
        call="train_one_epoch(model, loader with batches of 4, 4 and 2, ...)",
        tol=CLOSE,
        slips={
            "the losses are summed up, not averaged.": losses.sum(),
            "the losses of all images are summed up, not averaged.": (losses * sizes).sum(),
            "a sum over images is divided by the number of batches.": (losses * sizes).sum() / 3,
            "the last batch's loss is returned.": losses[-1],
            "a sum of batch means is divided by the number of images.": losses.sum() / 10,
            "the mean is divided by the batch size once more.": losses.mean() / 4,
            "there is a softmax before the criterion: nn.CrossEntropyLoss does that itself.": (
                hand["losses softmaxed"].mean()
            ),
        },
    )


@weight(3)
def test_the_accuracy_is_a_share(train, draw):
    """evaluate returns the share of all images that are classified correctly."""
    images, _, weights = digits(draw, 22)
    hits = drawn_hits(draw, 22, batch=8)
    labels = answers_that_hit(images, weights, hits)
    right = accuracy_by_hand(weights, images, labels, batch=8)
    try:
        seen = spy_on_evaluation(train, weights, images, labels, batch=8)
    except (
        Exception
    ):  # whatever a student's code raises: it is raised again, if nothing explains it
        expect_the_answer_of_each_image(train, draw)
        raise
    expect_a_float(seen.result, seen.kind, "evaluate(...)")
    expect_tensor(
        torch.tensor(seen.result),
        right["share"],
        call="evaluate(model, loader with batches of 8, 8 and 6, device)",
        tol=CLOSE,
        slips={
            "a percentage is returned: the accuracy goes from 0 to 1.": 100 * right["share"],
            "the number of correct images is returned.": right["count"],
            "the batches' accuracies are averaged, though the last batch is smaller.": (
                right["mean_of_batches"]
            ),
            "the count is divided by the number of batches.": right["count"] / 3,
            "only the last batch counts.": right["last_batch"],
            "every answer is compared with every label: both must have the shape (B,).": (
                right["pairs"]
            ),
        },
        why=lambda: (
            "The model's weights have changed: evaluate must not learn."
            if not torch.equal(seen.weight, weights)
            else why_of_argmax(train, draw) or why_of_the_largest(train)
        ),
    )
    others = answers_that_hit(images, weights, 1 - hits)
    seen = spy_on_evaluation(train, weights, images, others, batch=8)
    expect_tensor(
        torch.tensor(seen.result),
        1 - right["share"],
        call="evaluate(model, loader with the other images classified correctly, device)",
        tol=CLOSE,
        slips={"the same number comes back whatever the model answers.": right["share"]},
    )


def why_of_argmax(train, draw):
    """Name an argmax over all logits of a batch: the answer of the one image with far larger ones."""
    images, _, weights = digits(draw, 8)
    images[0] = 100 * weights[:, 1].reshape(1, 2, 2)
    labels = torch.tensor([1, 1, 1, 0, 0, 2, 2, 2])
    by_each = accuracy_by_hand(weights, images, labels, batch=8)["share"]
    got = torch.tensor(spy_on_evaluation(train, weights, images, labels, batch=8).result)
    known = torch.tensor(3 / 8)
    if error(got, known, CLOSE) > 1 or error(by_each, known, CLOSE) <= 1:
        return ""
    return "argmax() gives one answer for the whole batch: argmax(dim=1) gives each image its own."


def why_of_the_largest(train):
    """Name logits compared with labels: images whose largest logit is the label, and never its place."""
    labels = torch.tensor([1, 2, 1, 2, 2, 0, 0, 1])
    logits = torch.eye(4)[torch.tensor([0, 0, 2, 1, 0, 1, 2, 2])] * torch.tensor(
        [1.0, 2, 1, 2, 2, 5, 5, 5]
    ).reshape(8, 1)
    seen = spy_on_evaluation(
        train, torch.eye(4)[:, :3], logits.reshape(8, 1, 2, 2), labels, batch=8
    )
    if error(torch.tensor(seen.result), torch.tensor(5 / 8), CLOSE) > 1:
        return ""
    return "The largest logit is compared with the label, and not its place, as argmax(dim=1) gives it."


def expect_the_answer_of_each_image(train, draw):
    """Name an argmax over the batch: it runs only where a batch has as many images as classes."""
    images, labels, weights = digits(draw, 9)
    try:
        seen = spy_on_evaluation(train, weights, images, labels, batch=3)
    except Exception:  # it is something else
        return
    over_batch = torch.cat([(p.flatten(1) @ weights).argmax(0) for p in images.split(3)])
    expect_tensor(
        torch.tensor(seen.result),
        accuracy_by_hand(weights, images, labels, batch=3)["share"],
        call="evaluate(model, loader with batches of 3, device), with 3 classes",
        slips={
            "the argmax runs over the batch: argmax(dim=1) runs over the classes.": (
                (over_batch == labels).float().mean()
            )
        },
    )


@weight(1)
@reported
@builds_on(ACCURACY)
def test_it_evaluates_without_gradients(train, draw):
    """evaluate records no gradients."""
    seen = spy_on_evaluation(train, draw(4, 3), draw(8, 1, 2, 2), draw.integers(0, 3, 8), 4)
    expect(
        not any(seen.grad),
        call="evaluate(model, loader, device)",
        expected="no gradients recorded",
        got="gradients",
        why="Wrap the loop in torch.no_grad(): it saves time and memory.",
    )


@weight(1)
@reported
@builds_on(STEPS, ACCURACY)
def test_images_go_to_the_device(train, draw):
    """The images of every batch are moved to the device, in training and in evaluation."""
    expect_moved(train, draw, "images")


@weight(1)
@builds_on(ACCURACY)
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
