"""One einops pattern."""

from einops import rearrange


def patchify(images, n_patches):
    if images.shape[2] % n_patches or images.shape[3] % n_patches:
        raise ValueError("image must be divisible into n_patches")
    pattern = "b c (nh ph) (nw pw) -> b (nh nw) (c ph pw)"
    return rearrange(images, pattern, nh=n_patches, nw=n_patches)
