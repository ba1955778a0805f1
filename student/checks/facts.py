"""What a student's own run knows of the mark sheet."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.forbidden import Forbidden


@dataclass(frozen=True)
class Facts:
    """Questions with their titles and points, and calls that are not allowed."""

    questions: dict[str, Any] = field(default_factory=dict)
    forbidden: tuple[Forbidden, ...] = ()


def read_facts(path: Path) -> Facts:
    """Read the file that is generated beside the checks; in grading there is none."""
    if not path.exists():
        return Facts()
    content = json.loads(path.read_text(encoding="utf-8"))
    return Facts(content["questions"], tuple(Forbidden(**entry) for entry in content["forbidden"]))
