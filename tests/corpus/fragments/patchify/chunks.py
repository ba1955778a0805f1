"""torch.chunk cuts strips, and each strip into patches."""

import torch


def patchify(images, n_patches):
    n, c, h, w = images.shape
    if (h % n_patches, w % n_patches) != (0, 0):
        raise ValueError("not divisible")
    patches = []
    for strip in images.chunk(n_patches, dim=2):
        for patch in strip.chunk(n_patches, dim=3):
            patches.append(patch.flatten(start_dim=1))
    return torch.stack(patches, dim=1)
