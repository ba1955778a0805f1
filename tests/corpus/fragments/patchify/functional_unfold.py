"""torch.nn.functional.unfold, whose columns are patches already."""

import torch.nn.functional as F


def patchify(images, n_patches):
    _, _, height, width = images.size()
    if height % n_patches != 0 or width % n_patches != 0:
        raise ValueError(f"{height}x{width} cannot be cut into {n_patches}x{n_patches} patches")
    kernel = (height // n_patches, width // n_patches)
    columns = F.unfold(images, kernel_size=kernel, stride=kernel)
    return columns.transpose(1, 2)
