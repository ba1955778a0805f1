"""The first two pieces by their formulas: patches, and the table of positions."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .laws import (
    Law,
    Maps,
    Numbers,
    Undecided,
    as_numbers,
    close,
    distance,
    drawn,
    left_alone,
    need,
    refuses,
    worst_of,
)

IMAGES = (
    (1, 1, 4, 4, 2), (2, 3, 4, 6, 2), (3, 2, 9, 6, 3), (1, 1, 28, 28, 7), (2, 4, 5, 5, 5),
    (4, 1, 8, 12, 4), (2, 3, 6, 10, 1), (1, 5, 6, 4, 2), (5, 2, 12, 8, 4), (2, 2, 4, 4, 2),
    (3, 3, 3, 9, 3), (7, 1, 10, 5, 5),
)  # fmt: skip
INDIVISIBLE = (
    (7, 8, 2),
    (8, 7, 2),
    (10, 10, 4),
    (9, 4, 3),
    (4, 9, 3),
    (12, 10, 6),
    (5, 11, 5),
    (2, 2, 4),
)
FLOATS = (torch.float64, torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int64)

TABLES = (
    (1, 1), (1, 2), (3, 1), (5, 4), (2, 3), (10, 7), (50, 8), (4, 6), (17, 33), (65, 16), (12, 5),
    (130, 12), (6, 2), (8, 8), (33, 64),
)  # fmt: skip
TABLE_ERROR = 1e-4  # angles may be worked out in float32


def cut(images: Any, n: int) -> Any:
    """Return the patches of an array (B, C, H, W), one slice after the other."""
    height, width = images.shape[2] // n, images.shape[3] // n
    rows = []
    for i in range(n):
        for j in range(n):
            patch = images[:, :, i * height : (i + 1) * height, j * width : (j + 1) * width]
            rows.append(patch.reshape(len(images), -1))
    return np.stack(rows, axis=1)


def table(length: int, d: int) -> Numbers:
    """Return the sines and cosines of all positions, number by number."""
    wave = (math.sin, math.cos)
    return np.array(
        [[wave[j % 2](p / 10000 ** ((j - j % 2) / d)) for j in range(d)] for p in range(length)]
    )


def _same(got: object, want: Any, law: str) -> None:
    need(isinstance(got, Tensor), f"{law}: no tensor")
    assert isinstance(got, Tensor)
    need(tuple(got.shape) == want.shape, f"{law}: {tuple(got.shape)} instead of {want.shape}")
    need(np.array_equal(got.detach().double().numpy(), want), law)


def _patches(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(1)
    for *shape, n in IMAGES:
        images = drawn(rng, *shape)
        law = f"patches as one reads a page, {tuple(shape)} in {n}x{n}"
        _same(module.patchify(images.clone(), n), cut(images.double().numpy(), n), law)


def _dtypes(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(2)
    for dtype in (*FLOATS, *INTEGERS):
        images = (drawn(rng, 2, 3, 4, 6) * 9).abs().to(dtype)
        try:
            got = module.patchify(images.clone(), 2)
        except RuntimeError:  # integer images may be refused
            if dtype in INTEGERS:
                continue
            raise
        need(got.dtype == dtype, f"{dtype} is kept")
        _same(got, cut(images.double().numpy(), 2), f"patches of {dtype}")


def _device(module: Any, maps: Maps) -> None:
    got = module.patchify(torch.empty(2, 3, 4, 6, device="meta"), 2)
    need(got.device.type == "meta", "patches stay on the images' device")


def _gradient(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(3)
    images = drawn(rng, 2, 3, 6, 4).requires_grad_()
    patches = module.patchify(images, 2)
    weights = drawn(rng, *patches.shape)
    (patches * weights).sum().backward()
    want = np.empty(images.numel())
    want[cut(np.arange(images.numel()).reshape(images.shape), 2)] = weights.double().numpy()
    need(images.grad is not None, "the gradient reaches the images")
    close(images.grad, want.reshape(images.shape), "the gradient of the images")


def _images_stay(module: Any, maps: Maps) -> None:
    left_alone(
        lambda images: module.patchify(images, 2),
        drawn(np.random.default_rng(4), 2, 3, 4, 6),
        "the images are not changed",
    )


def _scattered(module: Any, maps: Maps) -> None:
    images = drawn(np.random.default_rng(5), 2, 4, 6, 3).permute(0, 3, 1, 2)
    try:
        got = module.patchify(images, 2)
    except RuntimeError:  # `view` wants them contiguous, which is allowed
        return
    _same(got, cut(images.double().numpy(), 2), "patches of images that are not contiguous")


def _indivisible(module: Any, maps: Maps) -> None:
    for height, width, n in INDIVISIBLE:
        refused, valid = torch.zeros(2, 1, height, width), torch.zeros(2, 1, 2 * n, 3 * n)
        law = f"{height}x{width} pixels do not divide by {n}"
        refuses(partial(module.patchify, refused, n), partial(module.patchify, valid, n), law)


def _sinusoids(module: Any, maps: Maps) -> None:
    with worst_of() as compare:
        for length, d in TABLES:
            law = f"sines and cosines of {length} positions, {d} features"
            got = as_numbers(module.get_positional_embeddings(length, d), law)
            compare(distance(got, table(length, d), 0.0, TABLE_ERROR), law)


def _float32(module: Any, maps: Maps) -> None:
    need(module.get_positional_embeddings(3, 4).dtype == torch.float32, "the table is float32")


def _again(module: Any, maps: Maps) -> None:
    first, second = (module.get_positional_embeddings(5, 6) for _ in range(2))
    need(torch.equal(first, second), "the same table twice")
    if first.requires_grad:
        raise Undecided("the table wants a gradient")


PATCHIFY: tuple[Law, ...] = (
    _patches, _dtypes, _device, _gradient, _images_stay, _scattered, _indivisible,
)  # fmt: skip
POSITIONS: tuple[Law, ...] = (_sinusoids, _float32, _again)
