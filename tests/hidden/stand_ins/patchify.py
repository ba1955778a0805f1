"""Stands in for patchify while LightViT is tested."""

from torch import nn


def patchify(images, n_patches, *args, **kwargs):
    size = (images.shape[2] // n_patches, images.shape[3] // n_patches)
    return nn.functional.unfold(images, kernel_size=size, stride=size).transpose(1, 2)
