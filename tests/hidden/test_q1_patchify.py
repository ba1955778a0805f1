"""q1, hidden: several channels, other sizes, gradients, no side effects."""

import torch

from checks import (
    EXACT,
    builds_on,
    expect,
    expect_error,
    expect_tensor,
    for_sizes,
    reported,
    weight,
)
from checks.beside.measure import image_gradient, input_after
from checks.beside.moving import patchify_on_meta_device
from hidden.oracles import patches

ORDER = "test_patches_run_as_you_read_a_page"
CHANNELS = "test_channels_come_one_after_the_other"
SHAPE = "test_seven_by_seven_patches_of_a_digit"
DIVIDES = "test_a_size_that_does_not_divide_is_refused"


def expect_patches(vit, images, n):
    expect_tensor(
        vit.patchify(images, n),
        patches(images, n),
        call=f"patchify(images, {n}), with images of shape {tuple(images.shape)}",
        tol=EXACT,
        dtype=False,
    )


@weight(1)
@builds_on(ORDER, SHAPE, CHANNELS)
def test_any_number_of_channels(vit, draw):
    """With three channels, a patch holds channel by channel, each row by row."""
    n = draw.one(2, 3)

    def check(C, n, size):
        expect_patches(vit, draw(2, C, n * size, n * size), n)

    for_sizes(check, C=(1, 2, 3), n=(1, n), size=(1, 6 // n))


@weight(2)
@builds_on(ORDER, SHAPE)
def test_pictures_need_not_be_square(vit, draw):
    """Height and width may differ."""

    def check(h, w):
        expect_patches(vit, draw(2, 1, 2 * h, 2 * w), 2)

    for_sizes(check, h=(1, 2), w=(1, 2, 5))


@weight(1)
@builds_on(ORDER, SHAPE)
def test_other_numbers_of_patches(vit, draw):
    """Any number of patches a side works: one, four of sixteen pixels, every pixel its own."""
    for size, n in ((6, 1), (16, 4), (8, 2), (5, 5)):
        expect_patches(vit, draw(3, 1, size, size), n)


@weight(1)
@reported
@builds_on(ORDER, SHAPE)
def test_gradients_reach_the_images(vit, draw):
    """The gradient flows back through patchify to every pixel."""
    images, weights = draw(1, 1, 4, 4), draw(1, 4, 4)
    gradient = image_gradient(vit, images, 2, weights)
    expect(
        gradient is not None,
        call="the gradient of patchify(images, 2)",
        expected="a gradient at the images",
        got="none",
        why="numpy(), .data and .detach() cut the gradient off.",
    )
    expect_tensor(
        gradient.flatten().sort().values,
        weights.flatten().sort().values,
        call="the gradient of a weighted sum of patchify(images, 2), sorted",
    )


@weight(1)
@reported
@builds_on(ORDER, SHAPE)
def test_the_device_is_kept(vit):
    """Patches are where the images are."""
    device = patchify_on_meta_device(vit, torch.zeros(1, 1, 4, 4), 2)
    expect(
        device == "meta",
        call="patchify(images.to(device), 2).device",
        expected="that device",
        got=device,
        why="torch.zeros(...) makes its tensor on the CPU: give it device=images.device.",
    )


@weight(1)
@reported
@builds_on(ORDER, SHAPE)
def test_the_images_are_left_alone(vit, draw):
    """patchify does not change its input."""
    images = draw(2, 1, 4, 4)
    expect(
        torch.equal(input_after(vit, images, 2, function="patchify"), images),
        call="the images after patchify(images, 2)",
        expected="the same as before",
        got="changed",
    )


@weight(1)
@builds_on(DIVIDES)
def test_sizes_that_do_not_divide_are_refused(vit):
    """A side that does not divide by n_patches raises ValueError: height, width, or both alike."""
    for H, W in ((7, 7), (9, 7), (7, 9)):
        expect_error(
            lambda H=H, W=W: vit.patchify(torch.zeros(1, 1, H, W), 3),
            ValueError,
            call=f"patchify(images, 3), with images of shape (1, 1, {H}, {W})",
            valid=lambda: vit.patchify(torch.zeros(1, 1, 9, 9), 3),
        )
