"""How much of what was handed in is ever looked at, and what in it is never meant."""

from __future__ import annotations

MOST_BYTES = 1 << 20  # of a .py file; the longest solution that is known has eight thousand
MOST_OF_NOTEBOOK = 50 << 20  # with its outputs: a hundred pictures, or ten that can be turned
MOST_OF_ZIP = 100 << 20
MOST_ENTRIES = 10_000
DEEPEST = 30  # folders
NOT_SUBMITTED = ("__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv", "env",
                 "node_modules")  # fmt: skip


def most_of(name: str) -> int:
    """Return how many bytes a file of this name may have."""
    return MOST_OF_NOTEBOOK if name.lower().endswith(".ipynb") else MOST_BYTES
