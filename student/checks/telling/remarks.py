"""What a test has noticed that costs nothing: for the teacher alone."""

from __future__ import annotations

_said: list[str] = []  # of the test that runs


def begin() -> None:
    """Forget the remarks of the test before."""
    _said.clear()


def remark(text: str) -> None:
    """Keep a sentence for the teacher, once."""
    if text not in _said:
        _said.append(text)


def said() -> str:
    """Return the remarks of the test so far, a line each."""
    return "\n".join(_said)
