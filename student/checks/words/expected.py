"""What visible checks expect: numbers that were worked out beforehand, from a file that is generated."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

FILE = Path(__file__).resolve().parents[1] / "expected.json"


@dataclass(frozen=True)
class Expected:
    """The right answer, and what well-known mistakes give: sentence -> numbers."""

    right: Tensor
    slips: Mapping[str, Tensor]


def expected(of: str, **sizes: int) -> Expected:
    """Return what is known of a call with these sizes. Raises KeyError where nothing is."""
    entry = _known()[of, frozenset(sizes.items())]
    slips = {sentence: torch.tensor(wrong).float() for sentence, wrong in entry["slips"].items()}
    return Expected(torch.tensor(entry["right"]).float(), slips)


@functools.cache
def _known() -> dict[object, dict[str, dict[str, object]]]:
    entries = json.loads(FILE.read_text(encoding="utf-8"))["expected"]
    return {(entry["of"], frozenset(entry["sizes"].items())): entry for entry in entries}
