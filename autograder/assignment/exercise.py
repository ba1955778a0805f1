"""What ties the kit to this exercise, apart from solution/, student/ and tests/.

For another exercise these are the names and numbers to change: no other module of the kit knows them.
"""

from __future__ import annotations

from typing import Any

from checks.code.contract import NAMES

FILES = tuple(NAMES)  # what students write; the second may import from the first
FIRST, SECOND = FILES
FIRST_MODULE = FIRST.removesuffix(".py")
NOTEBOOK = "assignment.ipynb"  # the same in one file

DATA_SET = "MNIST"
RAW = f"{DATA_SET}/raw"  # where torchvision looks below the folder that it is given
MEAN, STD = 0.1307, 0.3081  # of the training pixels, after division by 255
SIDE, CLASSES = 28, 10
GUESSED = 0.12  # more than who always says the same digit gets, whichever it is

TRAINED = "q7"  # the question that trains on thousands of digits: no structural mistake shows there
MODEL = "LightViT"  # what it trains
SIZES = {"n_patches": 4, "n_blocks": 2, "d": 32, "n_heads": 4}


def build_model(module: Any) -> Any:
    """Return the student's model, as the question that trains wants it."""
    return getattr(module, MODEL)((1, 1, SIDE, SIDE), **SIZES)
