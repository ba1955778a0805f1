"""What became of each explored file: one line of JSON, written as soon as it is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from autograder.assignment.config import Assignment
from autograder.assignment.provenance import suite_digest
from autograder.errors import KitError
from autograder.proof.explore.judging import BREAKS, ENDLESS, KEEPS, NOT_LOADED, UNDECIDED

JUDGES = ("corpus/fragments", "corpus/oracle")  # in tests/


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One file, what the contract says of it, and what it lost.

    kit        a digest of all that decides: suite, fragments, oracle, solution
    fragments  the name of each piece's fragment
    question   that of the mutated piece; empty if nothing was mutated
    lost       the tests that it failed, by question: number and title
    messages   what their author would read
    """

    seed: int
    number: int
    kit: str
    fragments: Mapping[str, str]
    piece: str
    question: str
    mutation: str
    diff: str
    verdict: str
    law: str
    lost: Mapping[str, Sequence[str]] = {}
    messages: Sequence[str] = ()

    @property
    def right(self) -> bool:
        return self.verdict == KEEPS

    @property
    def wrong(self) -> bool:
        return self.verdict == BREAKS

    @property
    def undecided(self) -> bool:
        return self.verdict == UNDECIDED

    @property
    def false_fail(self) -> bool:
        """A right file that lost a mark."""
        return self.right and bool(self.lost)

    @property
    def survives(self) -> bool:
        """A wrong file that lost none on its own question."""
        return self.wrong and self.question not in self.lost

    @property
    def raises(self) -> bool:
        """Whether it shows by itself that something is wrong."""
        return self.law.startswith(NOT_LOADED) or " raises " in self.law or self.law == ENDLESS

    @property
    def elsewhere(self) -> bool:
        """A wrong file that lost on another question too, though it can be loaded."""
        loaded = not self.law.startswith(NOT_LOADED)
        return self.wrong and loaded and bool(set(self.lost) - {self.question})


def digest(assignment: Assignment) -> str:
    """Return a digest that differs if a file could be composed, judged or graded otherwise."""
    whole = hashlib.sha256(suite_digest(assignment).encode())
    folders = [*(assignment.tests / name for name in JUDGES), assignment.solution]
    folders.append(Path(__file__).parent)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            whole.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def read(path: Path, seed: int, kit: str) -> dict[int, Record]:
    """Return the records of a seed that this very kit wrote, by number. Raises KitError."""
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):  # the run was ended while it wrote
            break
        try:
            record = msgspec.json.decode(line, type=Record)
        except msgspec.MsgspecError:
            raise KitError(f"{path}, line {number}", "it is no record of `autograder explore`",
                           "remove the file, or name another by --out") from None  # fmt: skip
        if (record.seed, record.kit) == (seed, kit):
            found[record.number] = record
    return found


def cut_short(path: Path) -> None:
    """Take away a last line that was not written to its end."""
    if path.exists():
        text = path.read_bytes()
        path.write_bytes(text[: text.rfind(b"\n") + 1])
