"""Keep out of what students get whatever would tell them answers."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.assignment.config import Assignment
from autograder.assignment.digits import idx_images
from autograder.errors import KitError
from autograder.platforms.bundle import File
from autograder.proof.leaks import hidden_lines
from autograder.proof.promises import solution_lines, telling_lines


def refuse_secrets(files: Mapping[str, File], assignment: Assignment, name: str) -> None:
    """Raise KitError if anything in the files that a zip of this name gives out tells too much."""
    found = secrets_in(files, assignment)
    if found:
        listed = "\n    ".join(found[:10])
        raise KitError(name, f"it would tell students too much:\n    {listed}",
                       "see `autograder check`")  # fmt: skip


def secrets_in(files: Mapping[str, File], assignment: Assignment) -> list[str]:
    """Return every line of the solution or of a hidden test, and every hidden digit, in files."""
    lines = dict.fromkeys(solution_lines(assignment), "a line of the solution")
    lines |= hidden_lines(assignment)
    packed = (assignment.tests / "data").rglob("*images*.gz")
    hidden = set().union(*(idx_images(path.read_bytes()) for path in packed))
    found = []
    for name, file in files.items():
        if name.endswith(".gz"):
            known = hidden & idx_images(file.content)
            found += [f"{name}: {len(known)} of the hidden digits"] if known else []
            continue
        text = file.content.decode("utf-8", "replace")
        found += [f"{name}, line {n}: {lines[line]}" for n, line in telling_lines(text, lines)]
    return found
