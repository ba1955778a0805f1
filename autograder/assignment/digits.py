"""Read MNIST's IDX files without torchvision, whose import would cost more than a whole question."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from autograder.assignment.exercise import RAW

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
LEARN, TEST = "train", "t10k"  # the parts of the data set, as its files are called
MAGIC = {"images-idx3": 2051, "labels-idx1": 2049}


def read_digits(root: Path, part: str) -> tuple[Tensor, Tensor]:
    """Return images (n, 28, 28) uint8 and labels (n,) int64 of root/MNIST/raw.

    part    LEARN or TEST
    Raises  ValueError, with the file's name, if a file is missing or is not what it should be
    """
    images = _read(root / RAW, part, "images-idx3")
    labels = _read(root / RAW, part, "labels-idx1")
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
    if not _holds(content, kind):
        raise ValueError(f"{plain.name} in {raw} is not an IDX file of {kind.split('-')[0]}")
    shape, numbers = _parsed(content)
    if numbers.size != int(np.prod(shape)):
        raise ValueError(f"{plain.name} in {raw} is cut short")
    copied: Pixels = numbers.reshape(shape).copy()  # torch wants memory of its own
    return copied


def _holds(content: bytes, kind: str) -> bool:
    return len(content) >= 8 and int.from_bytes(content[:4], "big") == MAGIC[kind]


def _parsed(content: bytes) -> tuple[list[int], Pixels]:
    """Return the shape that an IDX file announces, and the numbers that follow."""
    header = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    return shape, np.frombuffer(content, dtype=np.uint8, offset=header)


def idx_images(packed: bytes) -> set[bytes]:
    """Return the images of a gzipped IDX file, each as its bytes; none if it holds something else."""
    content = gzip.decompress(packed)
    if not _holds(content, "images-idx3"):
        return set()
    shape, pixels = _parsed(content)
    return {image.tobytes() for image in pixels.reshape(shape)}
