"""The submissions that the kit is tried with: known slips and hostile files, kept as data."""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from autograder.config import Assignment
from autograder.errors import KitError


@dataclass(frozen=True)
class Slip:
    """One edit of the solution: what a student gets wrong.

    costs  the question that must lose a mark
    says   what its author must be told, where the slip can be named
    """

    slip: str
    file: str
    replace: str
    by: str
    costs: str
    says: str = ""


@dataclass(frozen=True)
class Attack:
    """One hostile submission, as its docstring describes it.

    base       the file whose text follows below it: "solution", "skeleton" or "none"; "model": the
               solution's stands above it, and what the attack defines again is what counts
    blames_us  it can make a test look like our fault, which earns nothing and which a teacher sees
    """

    name: str
    path: Path
    tries: str
    base: str
    wins: str
    earns: float | None = None
    at_most: float | None = None
    blames_us: bool = False


def slips(assignment: Assignment) -> list[Slip]:
    """Return the known slips of a kit."""
    path = assignment.tests / "corpus" / "slips.yml"
    if not path.exists():
        return []
    return [Slip(**entry) for entry in YAML(typ="safe").load(path.read_text(encoding="utf-8"))]


def attacks(assignment: Assignment) -> list[Attack]:
    """Return the hostile submissions of a kit, by name."""
    folder = assignment.tests / "corpus" / "hostile"
    files = [*folder.glob("*/*.py"), *folder.glob("*/*/vit.py")]
    return sorted((_attack(path, folder) for path in files), key=lambda attack: attack.name)


def _attack(path: Path, folder: Path) -> Attack:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    tries, _, facts = text.partition("\n\n")
    place = path.parent if path.name == "vit.py" else path.with_suffix("")
    name = place.relative_to(folder).as_posix()
    try:
        return Attack(name, path, " ".join(tries.split()), **YAML(typ="safe").load(facts))
    except Exception as error:  # whatever YAML and a wrong key raise
        raise KitError(str(path), f"its docstring does not describe an attack: {error}",
                       "see tests/corpus/hostile/README.md") from None  # fmt: skip


def lay_out_slip(slip: Slip, assignment: Assignment, folder: Path) -> None:
    """Write a submission: the solution with one edit."""
    for name in assignment.settings.files:
        text = (assignment.solution / name).read_text(encoding="utf-8")
        if name == slip.file:
            if text.count(slip.replace) != 1:
                raise KitError("tests/corpus/slips.yml", f"{slip.slip!r} does not fit the solution",
                               "let `replace` stand in it exactly once")  # fmt: skip
            text = text.replace(slip.replace, slip.by)
        (folder / name).write_text(text, encoding="utf-8")


def lay_out_attack(attack: Attack, assignment: Assignment, folder: Path) -> None:
    """Write a submission: the hostile file, what its base adds to it, and what lies beside it."""
    if attack.path.name == "vit.py":
        shutil.copytree(attack.path.parent, folder, symlinks=True, dirs_exist_ok=True)
    base = assignment.solution if attack.base == "solution" else assignment.student
    text = attack.path.read_text(encoding="utf-8")
    if attack.base == "model":
        text = (assignment.solution / "vit.py").read_text(encoding="utf-8") + "\n\n" + text
    elif attack.base != "none":
        text += "\n\n" + (base / "vit.py").read_text(encoding="utf-8")
    (folder / "vit.py").write_text(text, encoding="utf-8")
    if not (folder / "train.py").exists():
        shutil.copyfile(base / "train.py", folder / "train.py")
