"""q1, visible: small pictures whose pixels are numbered, so that a patch can be read by eye."""

import torch

from checks import (
    EXACT,
    builds_on,
    evidence,
    expect,
    expect_error,
    expect_shape,
    expect_tensor,
    for_sizes,
    law,
    weight,
)
from checks.judging.evidence import expect_regrouped
from checks.words.expected import expected

ORDER = "test_patches_run_as_you_read_a_page"


def numbered(n, h, w):
    """Return a picture of n x n patches of h x w pixels, numbered as one reads them."""
    return torch.arange(float(n * h * n * w)).reshape(1, 1, n * h, n * w)


@weight(2)
def test_patches_run_as_you_read_a_page(vit):
    """Patches run left to right, then top to bottom."""

    def check(n, h, w):
        images, known = numbered(n, h, w), expected("patchify", n=n, h=h, w=w)
        expect_tensor(
            vit.patchify(images, n),
            known.right,
            call=f"patchify(images, {n}), with images = arange({images.numel()}) as one "
            f"{n * h}x{n * w} picture",
            tol=EXACT,
            dtype=False,
            slips=known.slips,
        )

    for_sizes(check, n=(1, 2), h=(1, 3), w=(1, 3))


@weight(1)
@builds_on(ORDER)
def test_channels_come_one_after_the_other(vit):
    """With two channels, a patch holds all of the first one, then all of the second."""
    right = torch.tensor(
        [
            [0.0, 1, 4, 5, 16, 17, 20, 21],
            [2, 3, 6, 7, 18, 19, 22, 23],
            [8, 9, 12, 13, 24, 25, 28, 29],
            [10, 11, 14, 15, 26, 27, 30, 31],
        ]
    )
    expect_tensor(
        vit.patchify(torch.arange(32.0).reshape(1, 2, 4, 4), 2),
        right[None],
        call="patchify(images, 2), with images = arange(32) as a 4x4 picture of 2 channels",
        tol=EXACT,
        dtype=False,
        slips={
            "the channels come last inside a patch: pixel by pixel, each with its channels.": (
                right[None][:, :, [0, 4, 1, 5, 2, 6, 3, 7]]
            ),
            "each channel is cut by itself: a patch holds all channels of its place.": (
                right.reshape(4, 2, 4).transpose(0, 1).reshape(1, 8, 4)
            ),
            "the channels are cut one after the other: put the axes into order before the reshape.": (
                right.reshape(4, 2, 4).transpose(0, 1).reshape(1, 4, 8)
            ),
            "only the first channel is used.": right[None, :, :4],
        },
    )


@weight(1)
@evidence
@builds_on(ORDER)
def test_patches_hold_pixels_of_several_rows(vit):
    """The pixels of the picture are regrouped: a patch holds some of more than one row."""
    call = "patchify(images, 2), with images = arange(16) as one 4x4 picture"
    expect_regrouped(vit.patchify(numbered(2, 2, 2), 2), side=4, call=call)


@weight(1)
@law
@builds_on(ORDER)
def test_seven_by_seven_patches_of_a_digit(vit):
    """A batch of 28x28 digits gives 49 patches of 16 pixels."""
    expect_shape(
        vit.patchify(torch.zeros(3, 1, 28, 28), 7),
        (3, 49, 16),
        call="patchify(images, 7), with images of shape (3, 1, 28, 28)",
        slips={
            "n_patches is taken for the size of a patch, or the last two axes are exchanged.": (
                (3, 16, 49)
            ),
            "the batch is lost: only one image is cut.": (1, 49, 16),
            "the patches are not flattened.": (3, 49, 1, 4, 4),
        },
    )


@weight(1)
def test_a_size_that_does_not_divide_is_refused(vit):
    """A picture of 10x10 pixels does not divide into 4x4 patches: that raises ValueError."""
    expect_error(
        lambda: vit.patchify(torch.zeros(1, 1, 10, 10), 4),
        ValueError,
        call="patchify(images, 4), with images of shape (1, 1, 10, 10)",
        valid=lambda: vit.patchify(torch.zeros(1, 1, 8, 8), 4),
    )


@weight(1)
@law
@builds_on(ORDER, "test_seven_by_seven_patches_of_a_digit")
def test_the_dtype_is_kept(vit):
    """Patches have the dtype of the images."""
    for dtype in (torch.float64, torch.float32):
        name = str(dtype).removeprefix("torch.")
        images = torch.arange(16, dtype=dtype).reshape(1, 1, 4, 4)
        patches = vit.patchify(images, 2)
        expect_shape(patches, (1, 4, 4), call=f"patchify(images, 2), with {name} images")
        expect(
            patches.dtype == dtype,
            call=f"patchify(images, 2).dtype, with {name} images",
            expected=str(dtype),
            got=str(patches.dtype),
            why="torch.zeros(...) and .float() make float32; zeros takes dtype=images.dtype."
            if patches.dtype == torch.float32
            else "",
        )
