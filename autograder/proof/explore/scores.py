"""The scores on files that nobody wrote, kept by seed for README.md and docs/grading.md."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # what explores is not installed everywhere
    from autograder.proof.explore.records import Record

FILE = Path("tests", "corpus", "explored.json")


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How the first files of a seed were judged.

    subtle   of the wrong ones, those that raise nothing: the others are easily told
    free     wrong, and lost no mark on their own question
    """

    seed: int
    date: str
    files: int
    right: int
    false_fails: int
    wrong: int
    subtle: int
    free: int
    elsewhere: int
    undecided: int


def score(records: Sequence[Record]) -> Score:
    """Count what became of some files of one seed."""
    return Score(
        seed=records[0].seed,
        date=datetime.date.today().isoformat(),
        files=len(records),
        right=sum(one.right for one in records),
        false_fails=sum(one.false_fail for one in records),
        wrong=sum(one.wrong for one in records),
        subtle=sum(one.wrong and not one.raises for one in records),
        free=sum(one.survives for one in records),
        elsewhere=sum(one.elsewhere for one in records),
        undecided=sum(one.undecided for one in records),
    )


def read(root: Path) -> list[Score]:
    """Return the kit's scores, by seed; none where nothing was explored."""
    path = root / FILE
    return msgspec.json.decode(path.read_bytes(), type=list[Score]) if path.exists() else []


def keep(root: Path, new: Score) -> None:
    """Put a score into the kit, in the place of an earlier one of its seed."""
    others = [one for one in read(root) if one.seed != new.seed]
    scores = sorted([*others, new], key=lambda one: one.seed)
    (root / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(scores), indent=2) + b"\n")
