"""How much of what was handed in is ever looked at, and what in it is never meant."""

from __future__ import annotations

MOST_BYTES = 5 << 20  # of one file; a solution has some thousand
MOST_OF_NOTEBOOK = 20 << 20
MOST_READ = MOST_OF_NOTEBOOK + 1  # one more than may be graded: then it is known to be too large
MOST_OF_ZIP = 100 << 20
MOST_ENTRIES = 10_000
DEEPEST = 30  # folders
NOT_SUBMITTED = ("__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv", "env",
                 "node_modules")  # fmt: skip
