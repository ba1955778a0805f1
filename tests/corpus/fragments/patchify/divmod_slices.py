"""One loop over patch numbers; divmod gives row and column."""

import torch


def patchify(images, n_patches):
    h, rest_h = divmod(images.shape[2], n_patches)
    w, rest_w = divmod(images.shape[3], n_patches)
    if rest_h or rest_w:
        raise ValueError("image size is not a multiple of n_patches")
    out = []
    for number in range(n_patches * n_patches):
        row, col = divmod(number, n_patches)
        patch = images[:, :, row * h : row * h + h, col * w : col * w + w]
        out.append(patch.reshape(images.shape[0], 1, -1))
    return torch.cat(out, dim=1)
