"""Three plain loops that append flat patches."""

import torch


def patchify(images, n_patches):
    b, c, h, w = images.shape
    if h % n_patches != 0 or w % n_patches != 0:
        raise ValueError("image size must divide by n_patches")
    ph, pw = h // n_patches, w // n_patches
    batch = []
    for image in images:
        rows = []
        for i in range(n_patches):
            for j in range(n_patches):
                patch = image[:, i * ph : (i + 1) * ph, j * pw : (j + 1) * pw]
                rows.append(patch.reshape(-1))
        batch.append(torch.stack(rows))
    return torch.stack(batch)
