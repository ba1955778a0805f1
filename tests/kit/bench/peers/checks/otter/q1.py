"""The three checks of q1, for Otter."""

import torch
from known import IMAGES, PATCHES
from otter.test_files import test_case

OK_FORMAT = False
name = "q1"


@test_case(points=5)
def test_q1_shape(patchify):
    assert patchify(torch.zeros(3, 1, 28, 28), 7).shape == (3, 49, 16)


@test_case(points=5)
def test_q1_values(patchify):
    torch.testing.assert_close(patchify(IMAGES, 2), PATCHES)


@test_case(points=5)
def test_q1_error(patchify):
    try:
        patchify(torch.zeros(1, 1, 10, 10), 4)
    except ValueError:
        return
    raise AssertionError("patchify(images, 4) did not raise ValueError")
