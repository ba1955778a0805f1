"""Count a student's attempts on Gradescope from what it tells of the earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from autograder.assignment.config import AttemptSettings

LEDGER = "attempts"  # in a result's extra_data: the times of the attempts that counted so far


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Previous(_Facts):
    """An earlier submission. Gradescope gives the results of the newest one only."""

    submission_time: AwareDatetime
    score: float | None = None
    autograder_error: bool | None = None
    results: dict[str, Any] | None = None


class AssignmentDates(_Facts):
    due_date: AwareDatetime | None = None


class Metadata(_Facts):
    """What /autograder/submission_metadata.json says, as far as it is of use."""

    created_at: AwareDatetime
    assignment: AssignmentDates = AssignmentDates()
    previous_submissions: list[Previous] = Field(default=[])


@dataclass(frozen=True)
class Attempts:
    """Where a student stands.

    limit    how many are allowed
    at       when this one was handed in
    counted  the times of earlier attempts within the window, oldest first
    next_at  when there is another one; None: now
    kept     the newest results there are, which stand if this attempt is refused
    """

    limit: AttemptSettings
    at: datetime
    counted: tuple[datetime, ...]
    next_at: datetime | None = None
    kept: dict[str, Any] | None = None


def read_metadata(path: Path) -> Metadata | None:
    """Return what Gradescope says of a submission; None if it says nothing that can be read."""
    try:
        return Metadata.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def count(metadata: Metadata, settings: AttemptSettings) -> Attempts:
    """Count the attempts before this one, as of the moment when it was handed in.

    So a submission that is graded again later is judged as it was then. What failed by our fault,
    or was refused, is in no ledger and costs nothing.
    """
    now = metadata.created_at
    earlier = sorted(
        (p for p in metadata.previous_submissions if p.submission_time < now),
        key=lambda p: p.submission_time,
    )
    times: list[datetime] = []
    kept: dict[str, Any] | None = None
    for previous in earlier:
        ledger = _ledger(previous.results)
        if ledger is not None:
            times = ledger
        elif not previous.autograder_error:
            times.append(previous.submission_time)
        if previous.results is not None:
            kept = previous.results
        elif previous.score is not None:
            kept = {"score": previous.score}
    recent = tuple(sorted(t for t in times if now - t < settings.window))
    if len(recent) < settings.at_most:
        return Attempts(settings, now, recent, kept=kept)
    next_at = recent[-settings.at_most] + settings.window
    return Attempts(settings, now, recent, next_at, kept)


def ledger(counted: tuple[datetime, ...]) -> dict[str, list[str]]:
    """Return what the next attempt is counted from, for a result's extra_data."""
    return {LEDGER: [time.isoformat() for time in counted]}


def _ledger(results: dict[str, Any] | None) -> list[datetime] | None:
    try:
        return [_aware(text) for text in (results or {})["extra_data"][LEDGER]]
    except (KeyError, TypeError, ValueError):  # of another kit, or of none
        return None


def _aware(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
