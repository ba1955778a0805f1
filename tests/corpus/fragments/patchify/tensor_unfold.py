"""Tensor.unfold along the height, then along the width."""


def patchify(images, n_patches):
    size_h, size_w = images.shape[-2:]
    if size_h % n_patches or size_w % n_patches:
        raise ValueError("the image does not divide into patches")
    p_h, p_w = size_h // n_patches, size_w // n_patches
    crops = images.unfold(2, p_h, p_h).unfold(3, p_w, p_w)
    crops = crops.permute(0, 2, 3, 1, 4, 5)
    return crops.flatten(1, 2).flatten(2)
