"""Reshape, then two transposes instead of one permute."""


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches:
        raise ValueError(f"height {H} does not divide by {n_patches}")
    if W % n_patches:
        raise ValueError(f"width {W} does not divide by {n_patches}")
    x = images.reshape(B, C, n_patches, H // n_patches, n_patches, W // n_patches)
    x = x.transpose(1, 2).transpose(2, 4).transpose(3, 4)
    return x.flatten(3).flatten(1, 2)
