"""Cut the regions that students write out of a solution, and put a stub into the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.errors import RegionError

BEGIN = re.compile(r"^(?P<indent>\s*)# BEGIN SOLUTION\b\s*(.*?)\s*$")
END = re.compile(r"^(?P<indent>\s*)# END SOLUTION\b\s*(.*?)\s*$")
MARKER = re.compile(r"#\s*(BEGIN|END)\s+SOLUTION", re.IGNORECASE)


@dataclass(frozen=True)
class Region:
    """A part of a solution that students write."""

    question: str
    start: int  # line of BEGIN SOLUTION, from 1
    lines: tuple[str, ...]


def stub(text: str, file: str, questions: set[str]) -> str:
    """Return a solution with each region replaced by one `raise NotImplementedError`.

    Raises RegionError for a nested, unclosed or misnamed region, with its line.
    """
    result: list[str] = []
    inside: tuple[str, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        begin, end = BEGIN.match(line), END.match(line)
        where = f"solution/{file}, line {number}"
        if begin and inside:
            raise RegionError(where, f"a region begins inside that of line {inside[1]}",
                              "close the first with # END SOLUTION")  # fmt: skip
        if begin:
            indent, question = begin.groups()
            if question not in questions:
                raise RegionError(where, f"`{question}` is no question of grading.yml",
                                  f"write # BEGIN SOLUTION {sorted(questions)[0]}")  # fmt: skip
            inside = (question, number)
            result.append(f'{indent}raise NotImplementedError("TODO {question}")')
        elif end:
            if not inside:
                raise RegionError(where, "a region ends that never began",
                                  "remove this line, or add # BEGIN SOLUTION")  # fmt: skip
            inside = None
        elif MARKER.search(line):
            raise RegionError(where, "this marker is not written as it must be",
                              "# BEGIN SOLUTION q1 ... # END SOLUTION")  # fmt: skip
        elif not inside:
            result.append(line)
    if inside:
        raise RegionError(f"solution/{file}, line {inside[1]}", "this region is never closed",
                          "add # END SOLUTION")  # fmt: skip
    return "\n".join(result) + "\n"


def regions(text: str) -> Iterator[Region]:
    """Yield the regions of a solution that `stub` accepts."""
    question, start = "", 0
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        begin = BEGIN.match(line)
        if begin:
            question, start, lines = begin.group(2), number, []
        elif END.match(line):
            yield Region(question, start, tuple(lines))
        else:
            lines.append(line)


def is_open(lines: Iterable[str]) -> bool:
    """Whether a region begins in these lines and does not end there."""
    is_inside = False
    for line in lines:
        is_inside = not END.match(line) if is_inside else BEGIN.match(line) is not None
    return is_inside


def with_markers(text: str, begin: str, end: str) -> str:
    """Return a part of a solution with other words where its regions begin and end."""
    lines = [
        END.sub(rf"\g<indent>{end}", BEGIN.sub(rf"\g<indent>{begin}", line))
        for line in text.splitlines()
    ]
    return "\n".join(lines)


def without_markers(text: str) -> str:
    """Return a solution that `stub` accepts without the lines that mark its regions."""
    lines = [line for line in text.splitlines() if not BEGIN.match(line) and not END.match(line)]
    return "\n".join(lines) + "\n"
