"""Find students who have handed in the same file, or one that differs in white space alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import NOTEBOOK
from autograder.classroom.report.concerns import Concern, Why
from autograder.classroom.report.table import name_order
from autograder.submission import notebook

EXACTLY, SPACED = "the same, byte for byte", "the same but for white space"
OF_NOTEBOOK = "notebook.py"  # its cells as one file
Kind = tuple[str, bytes]  # a file's name, and a digest of it without white space


@dataclass
class SameFiles:
    """The files of a class, as digests. It is given one submission after the other."""

    given: frozenset[bytes]
    found: dict[Kind, dict[str, bytes]] = field(default_factory=dict)

    def add(self, submission: str, files: Mapping[str, bytes]) -> None:
        """Note the files of a submission; what was handed out is nobody's."""
        for name, content in files.items():
            loose = without_space(content)
            if loose not in self.given:
                whole = sha256(content).digest()
                self.found.setdefault((name, loose), {})[submission] = whole

    @property
    def concerns(self) -> Iterator[Concern]:
        """Yield each set of students who share files once, however many they are."""
        shared: dict[tuple[str, ...], dict[str, list[str]]] = {}
        for name, whose, how in self._sets():
            students = tuple(sorted(whose, key=name_order))
            shared.setdefault(students, {}).setdefault(how, []).append(name)
        for students, ways in shared.items():
            said = "; ".join(f"{', '.join(sorted(names))}: {how}" for how, names in ways.items())
            yield Concern(Why.SAME, students, said)

    def _sets(self) -> Iterator[tuple[str, Collection[str], str]]:
        """Yield a file's name, who shares it, and how; those who share every byte first."""
        for (name, _), whose in self.found.items():
            exactly: dict[bytes, list[str]] = {}
            for submission, whole in whose.items():
                exactly.setdefault(whole, []).append(submission)
            yield from ((name, some, EXACTLY) for some in exactly.values() if len(some) > 1)
            if len(exactly) > 1:
                yield name, whose, SPACED


def without_space(content: bytes) -> bytes:
    """Return a digest that white space makes no difference to."""
    return sha256(b"".join(content.split())).digest()


def given_out(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield what all were given, by name: the skeleton's files, and the notebook's cells as one."""
    for name in assignment.settings.files:
        yield name, (assignment.student / name).read_text(encoding="utf-8")
    path = assignment.student / NOTEBOOK
    if path.exists():
        yield OF_NOTEBOOK, notebook.source_of(path.read_bytes(), path.name)[0]


def nobodys(assignment: Assignment) -> frozenset[bytes]:
    """Return the digests of what all students were given, and of nothing at all."""
    texts = ("", *(text for _, text in given_out(assignment)))
    return frozenset(without_space(text.encode()) for text in texts)
