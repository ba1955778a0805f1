"""The MNIST digits beside this file, read by torchvision.  (Given: nothing to do here.)"""

import gzip
import shutil
import sys
import tempfile
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
# The digits lie in data/ beside this file. A teacher's tree has them once, in the student's folder.
DATA = next((d for d in (HERE / "data", HERE.parent / "student" / "data") if d.is_dir()), None)
MEAN, STD = 0.1307, 0.3081  # of the 60,000 training pixels, after division by 255
FILES = [
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
]


def load_digits(train, root=None):
    """Return torchvision's MNIST, pixels scaled to mean 0 and deviation 1.

    train   True: the digits to learn from; False: the digits to test on.
    root    a folder with MNIST/raw/ in it; the official 60,000 + 10,000 digits work as well
            (`datasets.MNIST(root, download=True)` fetches them). Default: the digits given here.
    """
    datasets, transforms = _torchvision("datasets"), _torchvision("transforms")
    scale = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    return datasets.MNIST(unpacked(root), train=train, transform=scale, download=False)


def unpacked(root=None):
    """Return a folder whose MNIST/raw/ has the four plain files, unpacking the .gz ones once."""
    root = Path(root) if root else DATA
    if root is None:
        raise FileNotFoundError("there is no folder data/ with the digits; name one with --data")
    raw = root / "MNIST" / "raw"
    missing = [name for name in FILES if not (raw / name).exists()]
    lost = [name for name in missing if not (raw / f"{name}.gz").exists()]
    if lost:
        raise FileNotFoundError(f"{raw} has neither {lost[0]} nor {lost[0]}.gz")
    try:
        return _unpack(root, raw, missing)
    except OSError:  # a read-only folder: unpack in the folder for temporary files instead
        copy = Path(tempfile.mkdtemp(prefix="digits-"))
        (copy / "MNIST" / "raw").mkdir(parents=True)
        return _unpack(copy, raw, FILES)


def _unpack(root, packed, names):
    for name in names:
        target = root / "MNIST" / "raw" / name
        part = target.with_name(f"{name}.part")  # so that an interrupted run leaves no half file
        if (packed / f"{name}.gz").exists():
            with gzip.open(packed / f"{name}.gz") as source, part.open("wb") as out:
                shutil.copyfileobj(source, out)
        else:
            shutil.copyfile(packed / name, part)
        part.replace(target)
    return root


def _torchvision(name):
    """Import torchvision.NAME, also where a CUDA build of it stands beside a CPU build of torch.

    In that pairing the import stops because two operators for object detection are missing. Nothing
    here uses them: declaring them is enough, and a sound torchvision never gets this far.
    """
    import importlib

    try:
        return importlib.import_module(f"torchvision.{name}")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    declare_missing_operators()
    return importlib.import_module(f"torchvision.{name}")


def declare_missing_operators():
    """Declare torchvision's two detection operators, and forget the import that failed."""
    for module in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
        del sys.modules[module]
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch._torchvision_operators = library  # an operator lasts as long as its library is alive
