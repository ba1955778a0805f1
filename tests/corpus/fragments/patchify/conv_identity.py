"""A convolution whose kernel is the identity moves the pixels."""

import torch
import torch.nn.functional as F


def patchify(images, n_patches):
    b, c, h, w = images.shape
    if h % n_patches or w % n_patches:
        raise ValueError("h and w must be multiples of n_patches")
    ph, pw = h // n_patches, w // n_patches
    size = c * ph * pw
    kernel = torch.eye(size, dtype=images.dtype, device=images.device).reshape(size, c, ph, pw)
    out = F.conv2d(images, kernel, stride=(ph, pw))
    return out.flatten(2).transpose(1, 2)
