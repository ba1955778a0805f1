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

ORDER = "test_patches_run_as_you_read_a_page"


def numbered(n, h, w):
    """Return a picture of n x n patches of h x w pixels, numbered as one reads them."""
    return torch.arange(float(n * h * n * w)).reshape(1, 1, n * h, n * w)


@weight(2)
def test_patches_run_as_you_read_a_page(vit):
    """Patches run left to right, then top to bottom."""

    def check(n, h, w):
        images = numbered(n, h, w)
        grid = images.reshape(n, h, n, w)  # row, y, column, x

        def in_order(*axes):
            return grid.permute(axes).reshape(1, n * n, h * w)

        right = in_order(0, 2, 1, 3)
        expect_tensor(
            vit.patchify(images, n),
            right,
            call=f"patchify(images, {n}), with images = arange({images.numel()}) as one "
            f"{n * h}x{n * w} picture",
            tol=EXACT,
            dtype=False,
            slips={
                "the patches run down the columns first.": in_order(2, 0, 1, 3),
                "the pixels inside a patch run down the columns first.": in_order(0, 2, 3, 1),
                "the picture is only reshaped: strips of pixels instead of a grid of patches.": (
                    images.reshape(1, n * n, h * w)
                ),
                "every patch takes each second pixel instead of neighbours.": (
                    images.reshape(h, n, w, n).permute(1, 3, 0, 2).reshape(1, n * n, h * w)
                ),
                "the numbers of one patch stand in a column: transpose the last two axes.": right.mT,
                "windows overlap: each starts one pixel after the other.": (
                    images.unfold(2, h, 1).unfold(3, w, 1).reshape(1, -1, h * w)
                ),
                "the pixels are divided by 255: they are moved, not changed.": right / 255,
            },
        )

    for_sizes(check, n=(1, 2), h=(1, 2), w=(1, 2))


@weight(1)
@evidence
@builds_on(ORDER)
def test_patches_hold_pixels_of_several_rows(vit):
    """The pixels of the picture are regrouped: a patch holds some of more than one row."""
    call = "patchify(images, 2), with images = arange(16) as one 4x4 picture"
    expect_regrouped(vit.patchify(numbered(2, 2, 2), 2), side=4, call=call)


@weight(1)
@law
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
