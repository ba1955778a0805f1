"""A tensor of zeros with the images' dtype is filled patch by patch."""

import torch


def patchify(images, n_patches):
    n, c, h, w = images.shape
    if h % n_patches != 0 or w % n_patches != 0:
        raise ValueError("Image dimensions must be divisible by n_patches.")

    patch_h = h // n_patches
    patch_w = w // n_patches
    patches = torch.zeros(
        n, n_patches**2, c * patch_h * patch_w, dtype=images.dtype, device=images.device
    )
    for idx, image in enumerate(images):
        for i in range(n_patches):
            for j in range(n_patches):
                top, left = i * patch_h, j * patch_w
                patch = image[:, top : top + patch_h, left : left + patch_w]
                patches[idx, i * n_patches + j] = patch.flatten()
    return patches
