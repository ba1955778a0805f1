"""A table of pixel numbers is cut, and then used as an index."""

import torch


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches > 0 or W % n_patches > 0:
        raise ValueError("H and W must divide by n_patches")
    ph = H // n_patches
    pw = W // n_patches
    numbers = torch.arange(C * H * W, device=images.device).view(C, H, W)
    index = torch.stack(
        [
            numbers[:, y : y + ph, x : x + pw].flatten()
            for y in range(0, H, ph)
            for x in range(0, W, pw)
        ]
    )
    return images.reshape(B, -1)[:, index]
