"""What a student's own run knows of the mark sheet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.code.forbidden import Forbidden

CHECKS = Path(__file__).resolve().parents[1]
STUDENT = CHECKS.parent
FACTS = CHECKS / "assignment.json"


@dataclass(frozen=True)
class Facts:
    """Questions with their titles and points, calls that are not allowed, and the given files."""

    questions: dict[str, Any] = field(default_factory=dict)
    forbidden: tuple[Forbidden, ...] = ()
    given: dict[str, str] = field(default_factory=dict)  # path -> fingerprint

    def changed(self, folder: Path) -> list[str]:
        """Return the given files in a folder that are not as they were given."""
        return [
            name
            for name, known in self.given.items()
            if not (folder / name).exists() or fingerprint((folder / name).read_bytes()) != known
        ]


def read_facts(path: Path) -> Facts:
    """Read the file that is generated beside the checks; in grading there is none."""
    if not path.exists():
        return Facts()
    content = json.loads(path.read_text(encoding="utf-8"))
    forbidden = tuple(Forbidden(**entry) for entry in content["forbidden"])
    return Facts(content["questions"], forbidden, content["given"])


def fingerprint(content: bytes) -> str:
    """Return what tells two texts apart, but for how their lines end."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:16]
