"""What a worker receives, and whether any of it would earn a point if it were handed in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.isolation.forking.early import FORKSERVER
from autograder.isolation.remote import Call
from autograder.submission.reading import Parcel
from checks.beside import stand_ins
from checks.code.contract import defined

OURS = ("autograder", "checks")
# A worker is a copy of its fork server, which may be one of a process that grades for a class.
FORKED_FROM = (FORKSERVER, "autograder.grading.pool", "autograder.__main__")
NAMED = f"""
import importlib, json, sys
for name in {FORKED_FROM!r}:
    importlib.import_module(name)
named = {{name: getattr(module, "__file__", None) for name, module in sys.modules.items()}}
print(json.dumps({{n: file for n, file in named.items() if n.split(".")[0] in {OURS!r} and file}}))
"""


def sources(calls: Iterable[Call]) -> Mapping[str, str]:
    """Return the texts that a worker has: stand-ins, its own modules of ours, and what tests send."""
    pieces = {f"stand-in {p.stem}": _text(p) for p in stand_ins.FOLDER.glob("[!_]*.py")}
    found = {**pieces, "all stand-ins": "\n\n".join(pieces.values())}
    run = subprocess.run([sys.executable, "-I", "-c", NAMED], capture_output=True, check=True)
    modules: Mapping[str, str] = json.loads(run.stdout)
    found |= {name: _text(Path(file)) for name, file in modules.items()}
    return found | {text: text for call in calls for text in _texts([call.args, call.kwargs])}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def submissions(assignment: Assignment, calls: Iterable[Call]) -> Iterator[tuple[str, Parcel]]:
    """Yield every text that defines something graded, as each of the files that are handed in."""
    names = {Path(file).stem: file for file in assignment.settings.files}
    for name, text in sources(calls).items():
        if defined(text):
            yield name, Parcel(dict.fromkeys(names.values(), text.encode()), names)
