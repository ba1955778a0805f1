"""The submissions that the kit is tried with, kept as data: wrong, right but unusual, hostile."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from ruamel.yaml import YAML

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import FIRST, SECOND
from autograder.errors import KitError
from autograder.handout.editions import Editions, Piece


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Entry = TypeVar("Entry", bound=BaseModel)


class Edit(BaseModel):
    """One place of a file, and what stands there instead."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replace: str
    by: str


class Slip(Edit):
    """An edit of the solution: what a student gets wrong.

    edits            further places, where one does not do
    costs            the question that must lose a mark, and the only one
    says             what its author must be told: one of these sentences, and no other cause may be
                     named. Without any, each name that the checks give it is a wrong one
    at_most_a_fifth  it shows at the edges only: it must not cost more of its question
    several          why more than one check fails, beside those that are not reached because of them
    """

    slip: str
    id: str
    common: Literal["common", "occasional", "rare"]
    file: str
    edits: tuple[Edit, ...] = ()
    costs: str
    says: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    at_most_a_fifth: bool = False
    several: str = ""


class Variant(Edit):
    """An edit of the solution that is right: it must cost nothing.

    calibrated  the accuracy bars are fitted with it
    """

    right: str
    file: str
    edits: tuple[Edit, ...] = ()
    calibrated: bool = False


class Trains(Edit):
    """An edit of the solution that is wrong, and trains all the same."""

    wrong: str
    file: str = FIRST
    edits: tuple[Edit, ...] = ()


class Step(BaseModel):
    """A mistake made on the way: the code of one question, as a beginner has it then.

    cause  what a good teacher would say
    says   what its author is told at home that names the cause: one of these sentences. Without any,
           the cause is not named
    two    it has two mistakes
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    question: str
    code: str
    cause: str
    says: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    two: bool = False


class Typical(BaseModel):
    """A file with several mistakes, as students hand it in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    typical: str
    slips: tuple[str, ...]


@dataclass(frozen=True)
class Attack:
    """One hostile submission, as its docstring describes it.

    base   the file whose text follows below it: "solution", "skeleton" or "none"; "model": the
           solution's stands above it, and what the attack defines again is what counts; "mixing": so
           it does, and below stands an attention that gathers by the attack's mix(q, k, v)
    """

    name: str
    path: Path
    tries: str
    base: str
    wins: str
    earns: float | None = None
    at_most: float | None = None


def slips(assignment: Assignment) -> list[Slip]:
    """Return the known mistakes of a kit, question by question."""
    files = sorted((assignment.tests / "corpus" / "wrong").glob("*.yml"))
    found = [slip for path in files for slip in _entries(path, Slip)]
    for slip in found:
        if slip.costs not in assignment.questions:
            raise KitError(f"tests/corpus/wrong: {slip.id}", f"there is no question {slip.costs}",
                           "remove the mistake, or name a question of grading.yml")  # fmt: skip
    return found


def trains(assignment: Assignment) -> list[Trains]:
    """Return the wrong models of a kit that train."""
    path = assignment.tests / "corpus" / "trains.yml"
    return list(_entries(path, Trains)) if path.exists() else []


def steps(assignment: Assignment) -> list[Step]:
    """Return the mistakes made on the way, question by question."""
    files = sorted((assignment.tests / "corpus" / "steps").glob("*.yml"))
    found = [step for path in files for step in _entries(path, Step)]
    return [step for step in found if step.question in assignment.questions]


def variants(assignment: Assignment) -> list[Variant]:
    """Return the right edits of a kit's solution."""
    path = assignment.tests / "corpus" / "right.yml"
    return list(_entries(path, Variant)) if path.exists() else []


def right_files(assignment: Assignment) -> list[Path]:
    """Return the right submissions of a kit that are files of their own, by name."""
    folder = assignment.tests / "corpus" / "right"
    return sorted(path for path in folder.glob("*") if path.is_dir())


def typical(assignment: Assignment) -> list[Typical]:
    """Return files with several mistakes, as students hand them in."""
    path = assignment.tests / "corpus" / "typical.yml"
    found = list(_entries(path, Typical)) if path.exists() else []
    known = {slip.id for slip in slips(assignment)}
    for one in found:
        if missing := [name for name in one.slips if name not in known]:
            raise KitError(f"{path}: {one.typical}", f"there is no mistake {missing[0]}",
                           "remove its id here, or put it back into tests/corpus/wrong")  # fmt: skip
    return found


def _entries(path: Path, kind: type[Entry]) -> Iterator[Entry]:
    for number, entry in enumerate(YAML(typ="safe").load(path.read_text(encoding="utf-8")), 1):
        try:
            yield kind.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            what = f"entry {number}, `{'.'.join(map(str, first['loc']))}`: {first['msg']}"
            raise KitError(str(path), what, "see tests/corpus/README.md") from None


def attacks(assignment: Assignment) -> list[Attack]:
    """Return the hostile submissions of a kit, by name."""
    folder = assignment.tests / "corpus" / "hostile"
    files = [*folder.glob("*/*.py"), *folder.glob(f"*/*/{FIRST}")]
    return sorted((_attack(path, folder) for path in files), key=lambda attack: attack.name)


def _attack(path: Path, folder: Path) -> Attack:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    tries, _, facts = text.partition("\n\n")
    place = path.parent if path.name == FIRST else path.with_suffix("")
    name = place.relative_to(folder).as_posix()
    try:
        return Attack(name, path, " ".join(tries.split()), **YAML(typ="safe").load(facts))
    except Exception as error:  # whatever YAML and a wrong key raise
        raise KitError(str(path), f"its docstring does not describe an attack: {error}",
                       "see tests/corpus/hostile/README.md") from None  # fmt: skip


def lay_out(edits: Sequence[Slip | Variant | Trains], assignment: Assignment, folder: Path) -> Path:
    """Write a submission into a folder: the solution with these edits, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in assignment.settings.files:
        text = (assignment.solution / name).read_text(encoding="utf-8")
        for edit in edits:
            for place in (edit, *edit.edits) if name == edit.file else ():
                text = _replaced(text, place, _name(edit))
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _name(edit: Slip | Variant | Trains) -> str:
    if isinstance(edit, Slip):
        return edit.slip
    return edit.right if isinstance(edit, Variant) else edit.wrong


def lay_out_step(step: Step, assignment: Assignment, folder: Path) -> Path:
    """Write a submission into a folder: the solution, with the step's code for its question."""
    folder.mkdir(parents=True, exist_ok=True)
    piece = Editions(assignment).pieces()[step.question]
    for name in assignment.settings.files:
        text = (assignment.solution / name).read_text(encoding="utf-8")
        text = _with_piece(text, piece, step) if name == piece.file else text
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _with_piece(text: str, piece: Piece, step: Step) -> str:
    """Put the code in the place of the first definition of a piece, and leave out the others."""
    lines = text.splitlines()
    nodes = [n for n in ast.parse(text).body if getattr(n, "name", "") in piece.names]
    for node in reversed(nodes):
        code = step.code.splitlines() if node is nodes[0] else []
        lines[node.lineno - 1 : node.end_lineno] = code
    return "\n".join(lines) + "\n"


def _replaced(text: str, place: Edit, name: str) -> str:
    if text.count(place.replace) != 1:
        raise KitError("tests/corpus", f"{name!r} does not fit the solution: {place.replace!r} "
                       f"stands in it {text.count(place.replace)} times",
                       "let `replace` stand in it exactly once")  # fmt: skip
    return text.replace(place.replace, place.by)


def lay_out_attack(attack: Attack, assignment: Assignment, folder: Path) -> None:
    """Write a submission: the hostile file, what its base adds to it, and what lies beside it."""
    if attack.path.name == FIRST:
        shutil.copytree(attack.path.parent, folder, symlinks=True, dirs_exist_ok=True)
    base = assignment.solution if attack.base == "solution" else assignment.student
    text = attack.path.read_text(encoding="utf-8")
    if attack.base in ("model", "mixing"):
        text = (assignment.solution / FIRST).read_text(encoding="utf-8") + "\n\n" + text
    if attack.base == "mixing":
        mixing = assignment.tests / "corpus" / "hostile" / "mixing.py"
        text += "\n\n" + mixing.read_text(encoding="utf-8")
    elif attack.base not in ("none", "model"):
        text += "\n\n" + (base / FIRST).read_text(encoding="utf-8")
    (folder / FIRST).write_text(text, encoding="utf-8")
    if not (folder / SECOND).exists():
        shutil.copyfile(base / SECOND, folder / SECOND)
