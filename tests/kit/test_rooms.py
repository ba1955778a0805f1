"""The house: no room but assignment/ knows the exercise, and no file stands twice."""

import hashlib
import re
from collections import defaultdict

from autograder.assignment.exercise import DATA_SET, FILES, MODEL, NOTEBOOK, TRAINED
from checks.code.contract import NAMES
from kit.workbench import ROOT

WRITTEN = [name for names in NAMES.values() for name in names if name != "evaluate"]  # English, too
MODULES = [file.removesuffix(".py") for file in FILES]
# As a word of its own, or quoted: "train" is also what one does to a model.
KNOWS = re.compile(
    rf"\b(?:{'|'.join([*WRITTEN, MODEL, DATA_SET, TRAINED, *map(re.escape, FILES)])})\b"
    rf"|\"(?:{'|'.join(MODULES)})\"|{re.escape(NOTEBOOK)}"
)
MOST_MODULES = 11  # in a room


def test_no_room_but_the_assignments_knows_the_exercise():
    found = [
        f"{path.relative_to(ROOT)}, line {number}: {line.strip()}"
        for path in sorted((ROOT / "autograder").rglob("*.py"))
        if path.parent.name != "assignment"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if KNOWS.search(line)
    ]
    assert found == []


def test_every_room_says_what_it_is_for_and_none_is_crowded():
    for top in ("autograder", "student/checks"):
        folders = {path.parent for path in (ROOT / top).rglob("*.py")}
        for folder in folders - {ROOT / "student/checks/beside/stand_ins"}:
            modules = sorted(path.name for path in folder.glob("*.py"))
            assert (folder / "__init__.py").read_text().startswith('"""'), folder
            assert len(modules) - 1 <= MOST_MODULES, folder


def test_modules_at_the_root_are_the_ways_in():
    modules = {path.name for path in (ROOT / "autograder").glob("*.py")}
    assert modules == {"__init__.py", "__main__.py", "errors.py"}


def test_no_file_stands_twice():
    """Of the code. Corpora hold what students hand in, and that may be alike."""
    same = defaultdict(list)
    for top in ("autograder", "solution", "student", "tests/hidden", "tests/kit", "docs"):
        for path in (ROOT / top).rglob("*"):
            if path.suffix in (".py", ".md", ".j2", ".json") and path.stat().st_size:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                same[digest].append(path.relative_to(ROOT).as_posix())
    assert [paths for paths in same.values() if len(paths) > 1] == []
