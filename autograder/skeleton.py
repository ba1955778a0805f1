"""Write student/ from solution/ and the public tests; find where the two no longer agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from autograder import handout
from autograder.config import Assignment
from checks.facts import fingerprint

NOTEBOOK = "assignment.ipynb"

# What a student needs around the stubs: these files are the same in tests/ and in student/.
CONFTEST = '''"""Make the checks beside this file known to pytest. Nothing to do here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
pytest_plugins = ["checks.plugin"]
'''
PYTEST_INI = """# How `pytest` runs the visible checks. Nothing to do here.
[pytest]
testpaths = tests
addopts = -q --no-header --tb=no -rN --import-mode=importlib
timeout = 120
"""


def generate(assignment: Assignment) -> dict[str, bytes]:
    """Return every generated file of student/, by its path there."""
    skeleton = handout.Editions(assignment).skeleton
    files = {name: text.encode() for name, text in skeleton.items()}
    files["README.md"] = handout.readme(assignment).encode()
    files[NOTEBOOK] = handout.notebook(assignment).encode()
    files |= handout.otter_tests(assignment)
    for name in assignment.settings.provided:
        files[name] = (assignment.solution / name).read_bytes()
    for path in sorted((assignment.tests / "public").glob("*.py")):
        files[f"tests/{path.name}"] = path.read_bytes()
    checks = assignment.tests / "checks"
    for path in sorted(checks.rglob("*.py")):
        files[f"checks/{path.relative_to(checks).as_posix()}"] = path.read_bytes()
    files["conftest.py"] = CONFTEST.encode()
    files["pytest.ini"] = PYTEST_INI.encode()
    files["checks/assignment.json"] = _facts(assignment, files)
    return files


def _facts(assignment: Assignment, files: Mapping[str, bytes]) -> bytes:
    """Return what `pytest student/` knows of the mark sheet: titles, points for a weight of 1, what
    is forbidden, and how the given files read."""
    from autograder.suite import weights

    totals = weights(assignment)
    questions = {
        name: {
            "title": question.title,
            "points": question.points,
            "points_per_weight": question.points / totals[name] if totals[name] else 0,
        }
        for name, question in assignment.questions.items()
    }
    facts = {
        "questions": questions,
        "forbidden": [asdict(f) for f in assignment.forbidden],
        "given": {
            n: fingerprint(c) for n, c in files.items() if n.startswith(("checks/", "tests/"))
        },
    }
    return (json.dumps(facts, indent=2) + "\n").encode()


# In student/, and not cut from solution/ and tests/; figures/ is drawn by `autograder figures`.
KEPT = ("requirements.txt", "data", "figures")
KINDS = (".md", ".txt", ".gz", ".svg", ".png")  # not what a run unpacks


def handed_out(assignment: Assignment) -> dict[str, bytes]:
    """Return every file that students get, by its path in student/, as it would be made now."""
    files = generate(assignment)
    for name in KEPT:
        place = assignment.student / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix in KINDS:
                files[path.relative_to(assignment.student).as_posix()] = path.read_bytes()
    return files


def write(assignment: Assignment) -> list[str]:
    """Write student/ anew; return what changed. Generated files that are no more are removed."""
    changed = [difference.split(":")[0] for difference in differences(assignment)]
    files = generate(assignment)
    for name, content in files.items():
        path = assignment.student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in _strays(assignment, files):
        path.unlink()
    return changed


def differences(assignment: Assignment) -> list[str]:
    """Return where student/ is not what would be generated: file, line, both lines."""
    files = generate(assignment)
    found = [f"student/{p.relative_to(assignment.student).as_posix()}: is not generated any more"
             for p in _strays(assignment, files)]  # fmt: skip
    for name, content in files.items():
        path = assignment.student / name
        if not path.exists():
            found.append(f"student/{name}: is missing")
        elif path.read_bytes() != content:
            found.append(f"student/{name}, line {_first_difference(path.read_bytes(), content)}")
    return found


def _first_difference(here: bytes, there: bytes) -> str:
    ours, right = (text.decode("utf-8", "replace").splitlines() for text in (here, there))
    for number, (one, other) in enumerate(zip(ours, right), start=1):
        if one != other:
            return f"{number}: `{one.strip()}` should be `{other.strip()}`"
    return f"{min(len(ours), len(right)) + 1}: one has more lines than the other"


def _strays(assignment: Assignment, files: dict[str, bytes]) -> list[Path]:
    """Return Python files in student/ that nothing generates."""
    return [
        path
        for path in sorted(assignment.student.rglob("*.py"))
        if path.relative_to(assignment.student).as_posix() not in files
    ]
