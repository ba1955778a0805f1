"""The names that students write, the files they stand in, and how much of them is written."""

from __future__ import annotations

import re
import unicodedata

from checks.telling.failures import STUB

NAMES = {
    "vit.py": ("patchify", "get_positional_embeddings", "MyMSA", "MyViTBlock", "LightViT"),
    "train.py": ("train_one_epoch", "evaluate"),
}
QUESTIONS = {
    "patchify": "q1",
    "get_positional_embeddings": "q2",
    "MyMSA": "q3",
    "MyViTBlock": "q4",
    "LightViT": "q5",
    "train_one_epoch": "q6",
    "evaluate": "q6",
}  # where a student is told of a place; a name that is missing here is told without a question
MODULES = ("MyMSA", "MyViTBlock", "LightViT")
DRAWN = ("q1", "q2", "q3", "q5")  # what checks.show has a picture of
BY_NOTEBOOK = (
    "# Written by write_files() in assignment.ipynb: change the notebook, not this file.\n"
)


def stubs(text: str) -> int:
    """Return how many questions have a stub left in a text."""
    return len(set(STUB.findall(text)))


def defined(text: str) -> set[str]:
    """Return the names of the contract that a text defines."""
    text = unicodedata.normalize("NFKC", text)  # as Python reads names
    every = "|".join(name for names in NAMES.values() for name in names)
    return set(re.findall(rf"^\s*(?:def|class)\s+({every})\b", text, flags=re.MULTILINE))
