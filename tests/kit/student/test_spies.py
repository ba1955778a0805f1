"""What counts as moving a batch to the device: a call that names one."""

from types import SimpleNamespace

import pytest
import torch

from checks.beside.spies import StillOnLoader, _moving_by_as_tensor, spy_on_evaluation

CPU = torch.device("cpu")


@pytest.fixture
def batch():
    return torch.zeros(2, 3).as_subclass(StillOnLoader)


@pytest.mark.parametrize(
    "move",
    [
        lambda x: x.to(CPU),
        lambda x: x.to(device=CPU, non_blocking=True),
        lambda x: x.to(torch.ones(1)),
        lambda x: torch.as_tensor(x, device=CPU),
        lambda x: x.float().to(CPU),
    ],
)
def test_a_device_moves(batch, move):
    with _moving_by_as_tensor():
        assert not isinstance(move(batch), StillOnLoader)


@pytest.mark.parametrize(
    "leave",
    [
        lambda x: x.to(),
        lambda x: x.to(torch.float64),
        lambda x: x.cpu(),
        lambda x: x.float(),
        lambda x: torch.as_tensor(x),
        lambda x: torch.as_tensor(x, dtype=torch.float64),
    ],
)
def test_nothing_else_does(batch, leave):
    with _moving_by_as_tensor():
        assert isinstance(leave(batch), StillOnLoader)


def test_what_was_never_moved_is_a_tensor_as_well(recwarn):
    """Students read the type of what they return, and never the name of a test double."""

    def evaluate(model, loader, device):
        images, labels = next(iter(loader))
        return (labels == model(images.to(device)).argmax(1)).sum() * model.weight.sum()

    train = SimpleNamespace(evaluate=evaluate)
    seen = spy_on_evaluation(
        train, torch.ones(4, 3), torch.ones(4, 1, 2, 2), torch.zeros(4).long(), 4
    )
    assert seen.kind == "Tensor"
    assert not recwarn.list


def test_no_constant_is_an_accuracy(grader, submission, assignment):
    """Of 22 images some share is right, whatever is drawn: to guess it earns nothing."""
    train = (assignment.solution / "train.py").read_text()
    points = set()
    for right in range(23):
        constant = f"\n\ndef evaluate(model, loader, device):\n    return {right} / 22\n"
        points.add(grader.grade(submission(train=train + constant), ["q6"], seed=7).points)
    [same] = points
    assert same < 10
