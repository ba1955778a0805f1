"""What the cells of assignment.ipynb call: check a question, see it, write vit.py and train.py.

All of it works on the cells that were run, as they were when they were run last.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from checks.code import cells
from checks.code.contract import BY_NOTEBOOK, NAMES
from checks.code.needs import bound_by
from checks.running import plugin
from checks.running.facts import FACTS, STUDENT, read_facts
from checks.running.local import LocalTransport
from checks.running.plugin import NOT_RUN, OUTCOMES, TRANSPORT
from checks.telling.failures import STUB
from checks.telling.outcome import Outcome
from checks.telling.summary import changed_files, summary
from checks.telling.wording import Verdict

GIVEN = "# Given from here on"  # in train.py: what follows is no student's
SCRIPT = "train.py"
RUN = "In [{}]"  # what Jupyter writes beside a cell that was run
IMPORT = (ast.Import, ast.ImportFrom)
OPTIONS = (
    "-p no:terminal -p no:cacheprovider -p no:warnings -p no:faulthandler --noconftest "
    f"--import-mode=importlib --assert=plain --capture=no -c {os.devnull}"
).split()


class NotYet(Exception):
    """Ends "Run all" where there is no more to run, in words and without a traceback."""

    def _render_traceback_(self) -> list[str]:  # what IPython asks for
        return [str(self)]


def check(question: str = "") -> None:
    """Run the visible checks of a question, or of all, on the cells that were run; print what came out.

    Raises NotYet where the question's stub still stands: what comes below needs it.
    """
    outcomes, told = judged(question)
    print(told)
    if question and {outcome.verdict for outcome in outcomes} == {Verdict.NOT_STARTED}:
        raise NotYet(f"{question} is not started: put your code into its cell, and run both again.")


def judged(question: str) -> tuple[list[Outcome], str]:
    """Run the visible checks of a question, "" for all; return what became of each, and what to read."""
    files = sorted((STUDENT / "tests").glob(f"test_{question or 'q*'}_*.py"))
    if not files:
        raise NotYet(f'There is no question {question!r}. Write check("q1"), for example.')
    (outcomes, notes), facts = _outcomes(files), read_facts(FACTS)
    changed = changed_files(facts.changed(STUDENT))
    lines = [*summary(outcomes, facts.questions), *notes, *changed]
    if any(outcome.message.startswith(f"{cells.NAME} has no `") for outcome in outcomes):
        lines.append("What counts are cells that were run: run the one that defines it first.")
    return outcomes, "\n".join(lines).strip()


def show(question: str) -> object:
    """Return a picture of what your code does beside what is expected; print how the two compare."""
    from checks import show as pictures

    with _notebook_file() as file, _modules_as_before():
        return pictures.show(question, file)


def write_files() -> None:
    """Write vit.py and train.py, of the cells that were run.

    Raises NotYet rather than write over a file that holds code of another origin.
    """
    with _notebook_file() as file:
        found = cells.pieces(file.read_text(encoding="utf-8"))
    befores = {
        name: (STUDENT / name).read_text(encoding="utf-8") if (STUDENT / name).exists() else ""
        for name in NAMES
    }
    if own := [name for name, before in befores.items() if before and not _is_ours(before)]:
        raise NotYet(
            f"{' and '.join(own)} holds code that did not come from this notebook, and is not written "
            "over: move it away, put the one from student.zip there, and run this again."
        )
    if GIVEN not in befores[SCRIPT]:
        raise NotYet(f"{SCRIPT} is needed for its given part: put the one from student.zip there.")
    for name, before in befores.items():
        path = STUDENT / name
        path.write_bytes(_file(name, found, before).encode())
        sys.modules.pop(path.stem, None)  # whoever imports it next gets this one
    print(f"written: {', '.join(NAMES)}")


def _is_ours(text: str) -> bool:
    """Whether a file holds nothing of the student's but what this notebook has written."""
    return text.startswith(BY_NOTEBOOK) or STUB.search(text) is not None


def _file(name: str, found: Sequence[cells.Piece], before: str) -> str:
    """Return a file's text: its parts with all that they need, and what is given below them."""
    others = {part for file, parts in NAMES.items() if file != name for part in parts}
    own = [piece for piece in found if not others & set(bound_by(piece[1]))]
    kept = cells.needed_for(NAMES[name], own)
    head, given, script = before.partition(GIVEN)
    lines = [source for source, node in kept if isinstance(node, IMPORT)]
    if given:
        named = {
            node.id for node in ast.walk(ast.parse(given + script)) if isinstance(node, ast.Name)
        }
        lines += [
            ast.unparse(node)
            for node in ast.parse(head).body
            if isinstance(node, IMPORT) and named & set(bound_by(node))
        ]
    code = [source for source, node in kept if not isinstance(node, IMPORT)]
    parts = ["\n".join(dict.fromkeys(lines)), *code, *([given + script.rstrip()] if given else [])]
    return BY_NOTEBOOK + "\n" + "\n\n\n".join(part for part in parts if part) + "\n"


def _outcomes(files: Sequence[Path]) -> tuple[list[Outcome], list[str]]:
    with _notebook_file() as file, _modules_as_before():
        transport = LocalTransport({"vit": file, "train": file}, read_facts(FACTS).forbidden)
        run = _Run(transport)
        pytest.main([*OPTIONS, f"--rootdir={STUDENT}", *map(str, files)], plugins=[plugin, run])
        notes = list(dict.fromkeys(transport.notes))
    return [outcome for outcome in run.outcomes.values() if outcome.details != NOT_RUN], notes


@contextlib.contextmanager
def _notebook_file() -> Iterator[Path]:
    """Lay out what was run as one file. Cells that are no Python are left out: Jupyter has said so."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise NotYet("This is for a notebook: open assignment.ipynb. For vit.py, run pytest.")
    run = shell.user_ns["In"][1:]
    sources = [cell if cells.is_python(cell) else "" for cell in run]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder).resolve() / cells.FILE
        file.write_text(cells.joined(sources, RUN), encoding="utf-8")
        yield file


@contextlib.contextmanager
def _modules_as_before() -> Iterator[None]:
    """Leave no `vit` behind: whoever imports it next must get the file."""
    before = {name: sys.modules.pop(name, None) for name in ("vit", "train")}
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


class _Run:
    """Reaches a notebook's definitions, and collects what became of the checks."""

    def __init__(self, transport: LocalTransport) -> None:
        self._transport = transport
        self.outcomes: dict[str, Outcome] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[TRANSPORT] = self._transport

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.outcomes = session.config.stash[OUTCOMES]
