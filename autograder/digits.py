"""Read MNIST's IDX files without torchvision, whose import would cost more than a whole question."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
MAGIC = {"images-idx3": 2051, "labels-idx1": 2049}


def read_digits(root: Path, part: str) -> tuple[Tensor, Tensor]:
    """Return images (n, 28, 28) uint8 and labels (n,) int64 of root/MNIST/raw.

    part    "train" or "t10k"
    Raises  ValueError, with the file's name, if a file is missing or is not what it should be
    """
    images = _read(root / "MNIST" / "raw", part, "images-idx3")
    labels = _read(root / "MNIST" / "raw", part, "labels-idx1")
    if len(images) != len(labels):
        raise ValueError(f"{root}: {len(images)} images and {len(labels)} labels in {part}")
    return torch.from_numpy(images), torch.from_numpy(labels).long()


def _read(raw: Path, part: str, kind: str) -> Pixels:
    plain = raw / f"{part}-{kind}-ubyte"
    packed = raw / f"{part}-{kind}-ubyte.gz"
    try:
        content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    except (OSError, EOFError) as error:
        raise ValueError(f"{packed} cannot be read: {error}") from None
    if len(content) < 8 or int.from_bytes(content[:4], "big") != MAGIC[kind]:
        raise ValueError(f"{plain.name} in {raw} is not an IDX file of {kind.split('-')[0]}")
    header = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    numbers = np.frombuffer(content, dtype=np.uint8, offset=header)
    if numbers.size != int(np.prod(shape)):
        raise ValueError(f"{plain.name} in {raw} is cut short")
    copied: Pixels = numbers.reshape(shape).copy()  # torch wants memory of its own
    return copied


def idx_images(packed: bytes) -> set[bytes]:
    """Return the images of a gzipped IDX file, each as its bytes; none if it holds something else."""
    content = gzip.decompress(packed)
    if int.from_bytes(content[:4], "big") != MAGIC["images-idx3"]:
        return set()
    count, height, width = (int.from_bytes(content[i : i + 4], "big") for i in (4, 8, 12))
    pixels = np.frombuffer(content, dtype=np.uint8, offset=16)
    return {image.tobytes() for image in pixels.reshape(count, height * width)}
