"""Read submission_metadata.yml, which Gradescope puts beside the submissions that it exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from autograder.errors import KitError

METADATA = "submission_metadata.yml"
SUBMITTERS, CREATED = ":submitters", ":created_at"


@dataclass(frozen=True)
class Metadata:
    """What Gradescope tells of a submission. Of a group, names and numbers stand side by side."""

    submission: str
    student: str = ""
    email: str = ""
    sid: str = ""
    created_at: datetime | None = None

    @property
    def who(self) -> str:
        return self.email or self.sid or self.student


def read_metadata(path: Path) -> Mapping[str, Metadata]:
    """Return what is told of every submission, by the name of its folder. Raises KitError."""
    try:
        text = "".join(_needed(path.read_text(encoding="utf-8").splitlines(keepends=True)))
        tree = YAML(typ="safe").load(text) or {}
        return {str(name): _metadata(str(name), told) for name, told in tree.items()}
    except (UnicodeDecodeError, YAMLError, AttributeError, TypeError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise KitError(str(path), f"this is not what Gradescope writes: {said}",
                       "export the submissions again") from None  # fmt: skip


def _needed(lines: list[str]) -> Iterator[str]:
    """Yield names, authors and times. All earlier results stand there, too: minutes of reading."""
    wanted = True
    for line in lines:
        if line[:1] not in (" ", "\n", "\r"):
            wanted = True
        elif line[:2] == "  " and line[2:3] not in (" ", "-"):
            wanted = line.strip().startswith((SUBMITTERS + ":", CREATED + ":"))
        if wanted:
            yield line


def _metadata(name: str, told: Mapping[str, Any]) -> Metadata:
    told = told or {}
    submitters = told.get(SUBMITTERS) or []
    listed = {key: [str(one.get(f":{key}") or "") for one in submitters]
              for key in ("name", "email", "sid")}  # fmt: skip
    joined = {key: ", ".join(filter(None, values)) for key, values in listed.items()}
    return Metadata(name, joined["name"], joined["email"], joined["sid"], moment(told.get(CREATED)))


def moment(value: object) -> datetime | None:
    """Return a moment with its time zone; platforms write UTC. Raises ValueError if it is none."""
    if isinstance(value, str):
        value = datetime.fromisoformat(
            value.strip().replace(" UTC", "+00:00").replace("Z", "+00:00")
        )
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return None
