"""Keep a report as bytes, and read it back without loss."""

from __future__ import annotations

from typing import Any

import msgspec

from autograder.assignment.config import Question
from autograder.grading.report import Report


def as_bytes(report: Report) -> bytes:
    """Return a report as bytes that `report_of` reads. (Not as JSON: it has no infinite numbers.)"""
    return msgspec.msgpack.encode(report, enc_hook=_plain)


def report_of(content: bytes) -> Report:
    """Return the report. Raises ValueError if these bytes are none."""
    return msgspec.msgpack.decode(content, type=Report, dec_hook=_question)


def _plain(value: Any) -> Any:
    if isinstance(value, Question):
        return value.model_dump(mode="json")
    raise NotImplementedError(f"a report holds no {type(value)}")


def _question(kind: type, value: Any) -> Any:
    if kind is Question:
        return Question.model_validate(value)
    raise NotImplementedError(f"a report holds no {kind}")
