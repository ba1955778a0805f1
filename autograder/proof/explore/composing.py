"""Compose right submissions from fragments, one for each piece, and mutate one piece of most."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import libcst as cst

from autograder.assignment.config import Assignment
from autograder.errors import KitError
from autograder.handout.regions import regions
from autograder.proof.explore import mutating
from checks.code.contract import NAMES

FOLDER = Path("corpus", "fragments")  # in tests/: a folder for each piece
MAPS = "maps"  # what a fragment calls the function that says which parameters are what
UNCHANGED = 0.2  # the share of files without a mutation


@dataclass(frozen=True)
class Fragment:
    """One way to write one piece.

    code  what is composed: the file without its docstring and its maps
    text  the whole file
    """

    piece: str
    name: str
    code: str
    text: str


@dataclass(frozen=True)
class Composed:
    """A file that nobody wrote.

    fragments  the name of each piece's fragment
    sources    the text of each file that is handed in
    piece      what was mutated; empty if nothing was
    mutation   how
    diff       the lines that the mutation changed
    """

    number: int
    fragments: Mapping[str, str]
    sources: Mapping[str, str]
    piece: str = ""
    mutation: str = ""
    diff: str = ""

    @property
    def file(self) -> str:
        """The file that the mutated piece stands in."""
        return next(file for file, names in NAMES.items() if self.piece in names)

    @property
    def pieces_after(self) -> Sequence[str]:
        """The mutated piece, and those after it in its file."""
        names = NAMES[self.file]
        return names[names.index(self.piece) :]

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.sources.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder


@lru_cache(maxsize=2)
def fragments(assignment: Assignment) -> Mapping[str, Sequence[Fragment]]:
    """Return the fragments of each piece, by name. Raises KitError where a piece has none."""
    found = {}
    for piece in (name for names in NAMES.values() for name in names):
        folder = assignment.tests / FOLDER / piece
        found[piece] = [_fragment(path) for path in sorted(folder.glob("*.py"))]
        if not found[piece]:
            raise KitError(str(folder), "there is no fragment in it",
                           "write one: tests/corpus/README.md says how")  # fmt: skip
    return found


def _fragment(path: Path) -> Fragment:
    text = path.read_text(encoding="utf-8")
    module = cst.parse_module(text)
    body = module.body[1:] if module.get_docstring() else module.body
    kept = [
        node for node in body if not (isinstance(node, cst.FunctionDef) and node.name.value == MAPS)
    ]
    return Fragment(path.parent.name, path.stem, _code(kept), text)


def questions(assignment: Assignment) -> Mapping[str, str]:
    """Return the question that each piece is asked in: that of the first region in it."""
    found = {}
    for file, names in NAMES.items():
        text = (assignment.solution / file).read_text(encoding="utf-8")
        marked = list(regions(text))
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
                inside = range(node.lineno, (node.end_lineno or node.lineno) + 2)
                found[node.name] = next(r.question for r in marked if r.start in inside)
    return found


def compose(assignment: Assignment, seed: int, number: int) -> Composed:
    """Return one file of a seed's. It depends on nothing else: not on what was composed before."""
    rng = random.Random(f"{seed} {number}")
    chosen = {piece: rng.choice(known) for piece, known in fragments(assignment).items()}
    right = sources(assignment, chosen.values())
    names = {piece: fragment.name for piece, fragment in chosen.items()}
    if rng.random() < UNCHANGED:
        return Composed(number, names, right)
    piece = rng.choice(list(chosen))
    mutant = mutating.mutate(chosen[piece].code, rng)
    changed = {**chosen, piece: Fragment(piece, names[piece], mutant.code, "")}
    wrong = sources(assignment, changed.values())
    diff = "\n".join(_diff(chosen[piece].code, mutant.code))
    return Composed(number, names, wrong, piece, mutant.label, diff)


def _diff(before: str, after: str) -> Iterable[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def sources(assignment: Assignment, chosen: Iterable[Fragment]) -> dict[str, str]:
    """Return the text of each file, with these fragments in it: one for each piece."""
    code = {fragment.piece: fragment.code for fragment in chosen}
    return {file: _with_pieces(assignment.solution / file, code) for file in NAMES}


def _with_pieces(path: Path, code: Mapping[str, str]) -> str:
    """Return a file of the solution with other code for its pieces: its imports and script stay."""
    before, after, pieces = _around(path)
    return "\n\n".join([before, *(code[piece] for piece in pieces), after]).strip() + "\n"


@lru_cache(maxsize=8)
def _around(path: Path) -> tuple[str, str, Sequence[str]]:
    names = NAMES[path.name]
    body = cst.parse_module(path.read_text(encoding="utf-8")).body
    places = [place for place, node in enumerate(body) if _name(node) in names]
    pieces = [_name(body[place]) for place in places]
    return _code(body[: places[0]]), _code(body[places[-1] + 1 :]), pieces


def _name(node: cst.CSTNode) -> str:
    return node.name.value if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else ""


def _code(body: Sequence[cst.SimpleStatementLine | cst.BaseCompoundStatement]) -> str:
    return cst.Module(body).code.strip() + "\n"
