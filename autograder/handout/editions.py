"""Write the handout from one text: as the handout's README.md, and as its notebook."""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import nbformat
from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError

from autograder.assignment.config import FILE, Assignment
from autograder.assignment.exercise import FILES, SECOND
from autograder.assignment.points import shared_out
from autograder.errors import KitError
from autograder.grading import suite
from autograder.handout import regions
from autograder.handout.figures import FOLDER, illustrations, numbers
from checks.code.contract import DRAWN
from checks.code.needs import bound_by
from checks.telling.failures import STUB
from checks.telling.outcome import Outcome

TEXT = "handout.md.j2"  # in solution/
MARK = re.compile(r"^@@ (\w+) ?(\w*)$", re.MULTILINE)  # where a cell of the notebook begins
SET_UP = """\
# Run this cell first. In Colab, upload student.zip before: the folder symbol on the left.
import os
import zipfile
from pathlib import Path

if Path("student.zip").exists() and not Path("student").is_dir():
    zipfile.ZipFile("student.zip").extractall()
if Path("student").is_dir() and not Path("checks").is_dir():
    os.chdir("student")
if not Path("checks").is_dir():
    raise SystemExit(f"{Path.cwd()} has no checks/: open this in student/, or upload student.zip")

from checks.notebook import check, show, write_files
"""
OTTER_TESTS = "otter_tests"
OTTER = f"""\
import otter

grader = otter.Notebook(tests_dir="{OTTER_TESTS}")
"""
OTTER_TEST = '''"""{0} for Otter: the visible checks, on the cells that were run."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{0}"
points = None


@test_case()
def visible_checks():
    from checks.notebook import judged

    outcomes, told = judged("{0}")
    assert all(outcome.share == 1 for outcome in outcomes), told
'''
TRAINING = (
    f"write_files()  # {' and '.join(FILES)}, of the cells that were run\n%run {SECOND} --epochs 10",
    """\
from IPython.display import Image, display

display(Image("pictures/curves.png", alt="the loss and the accuracy of each epoch"))
display(Image("pictures/predictions.png", alt="digits, each with the model's answer"))
""",
)


@dataclass(frozen=True)
class Piece:
    """The code of one question: the definitions that students complete, and their file."""

    file: str
    names: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Editions:
    """The files with their regions: as students get them, solved, and solved with the marks of regions.

    By name, in order.
    """

    assignment: Assignment

    @cached_property
    def skeleton(self) -> dict[str, str]:
        questions = set(self.assignment.questions)
        return {name: regions.stub(text, name, questions) for name, text in self._texts()}

    @cached_property
    def solved(self) -> dict[str, str]:
        return {name: regions.without_markers(text) for name, text in self._texts()}

    @cached_property
    def marked(self) -> dict[str, str]:
        return dict(self._texts())

    def _texts(self) -> Iterator[tuple[str, str]]:
        for name in self.assignment.settings.files:
            yield name, (self.assignment.solution / name).read_text(encoding="utf-8")

    def pieces(self, texts: Mapping[str, str] | None = None) -> dict[str, Piece]:
        """Return the code of every question that has stubs, of the skeleton or of other texts."""
        found: dict[str, Piece] = {}
        for file, text in self.skeleton.items():
            stubs: dict[str, list[str]] = {}
            for name, source in _definitions(text):
                for question in dict.fromkeys(STUB.findall(source)):
                    stubs.setdefault(question, []).append(name)
            sources = dict(_definitions((texts or self.skeleton)[file]))
            for question, names in stubs.items():
                code = "\n\n\n".join(sources[name] for name in names)
                found[question] = Piece(file, tuple(names), code)
        return found

    def imports(self) -> str:
        """Return the imports that the students' pieces need, each once."""
        needed = {
            node.id
            for piece in self.pieces(self.solved).values()
            for node in ast.walk(ast.parse(piece.source))
            if isinstance(node, ast.Name)
        }
        lines = []
        for node in (node for text in self.skeleton.values() for node in ast.parse(text).body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                own = f"{getattr(node, 'module', '')}.py" in self.skeleton
                if not own and needed & (names := set(bound_by(node))):
                    needed -= names
                    lines.append(ast.unparse(node))
        return "\n".join(lines)


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and source of the functions and classes at the top of a file."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            end = node.end_lineno or node.lineno
            while regions.is_open(lines[start - 1 : end]):  # the mark below it is no part of it
                end += 1
            yield node.name, "\n".join(lines[start - 1 : end])


def readme(assignment: Assignment) -> str:
    """Return student/README.md.

    Raises KitError, with the line, for a text that cannot be filled in.
    """
    pieces = Editions(assignment).pieces()

    def check(question: str) -> str:
        piece = pieces.get(question)
        place = f"**Write** {_listed(piece.names)} in `{piece.file}`. " if piece else ""
        look = f" **See** with `python -m checks.show {question}`." if question in DRAWN else ""
        return f"{place}**Check** with `pytest -k {question}`.{look}"

    words: dict[str, Any] = {
        "figure": lambda name: f"![{_alt(name, assignment)}]({FOLDER}/{name}.svg)",
        "check": check,
        "stub": lambda question: "",
        "cell": "",
        "training": "",
    }
    return re.sub(r"\n{3,}", "\n\n", _filled_in(assignment, words, notebook=False)).strip() + "\n"


def notebook(assignment: Assignment, solved: bool = False) -> str:
    """Return the handout's notebook, or the same with the solution in its cells."""
    editions = Editions(assignment)
    words: dict[str, Any] = {
        "figure": lambda name: f"![{_alt(name, assignment)}][{name}]",
        "check": lambda question: f"@@ check {question}\n@@ text",
        "stub": lambda question: f"@@ stub {question}\n@@ text",
        "cell": "@@ text",
        "setup": "@@ setup\n@@ text",
        "training": "@@ training\n@@ text",
    }
    text = _filled_in(assignment, words, notebook=True)
    pieces = editions.pieces(editions.solved if solved else None)
    otter = assignment.settings.otter.check_cells
    code: dict[str, Callable[[str], tuple[str, ...]]] = {
        "setup": lambda _: (SET_UP, *((OTTER,) if otter else ()), editions.imports()),
        "stub": lambda question: (_stub(question, pieces).source,),
        "check": lambda question: _checks(question, otter),
        "training": lambda _: TRAINING,
    }
    cells: list[tuple[str, str, str]] = []  # kind, id, source
    for kind, argument, content in _parts(text):
        if kind == "text":
            cells.append(("markdown", f"text-{len(cells)}", _with_pictures(content, assignment)))
        else:
            for number, source in enumerate(code[kind](argument), 1):
                cells.append(("code", f"{kind}-{argument or 'all'}-{number}", source.rstrip()))
    return _as_notebook(cells)


def _checks(question: str, otter: bool) -> tuple[str, ...]:
    look = f'show("{question}")  # yours beside the expected'
    by_otter = f'grader.check("{question}")'
    cells = {f'check("{question}")': True, look: question in DRAWN, by_otter: otter}
    return tuple(source for source, wanted in cells.items() if wanted)


def _stub(question: str, pieces: Mapping[str, Piece]) -> Piece:
    if question not in pieces:
        raise KitError(f"solution/{TEXT}", f"it asks for the stub of {question}, which has none",
                       f"remove it, or write # BEGIN SOLUTION {question}")  # fmt: skip
    return pieces[question]


def otter_tests(assignment: Assignment) -> dict[str, bytes]:
    """Return what `grader.check` of Otter runs in the students' notebook, where a course wants it."""
    wanted = assignment.questions if assignment.settings.otter.check_cells else ()
    return {f"{OTTER_TESTS}/{name}.py": OTTER_TEST.format(name).encode() for name in wanted}


def _parts(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, argument and text of every cell; of texts only those that say something."""
    _, *rest = MARK.split(f"@@ text\n{text}")
    for kind, argument, content in zip(rest[::3], rest[1::3], rest[2::3]):
        tidy = re.sub(r"\n{3,}", "\n\n", content).strip()
        if kind != "text" or tidy:
            yield kind, argument, tidy


def _with_pictures(text: str, assignment: Assignment) -> str:
    """Put the pictures into the text itself: Colab shows neither attachments nor files."""
    for name in re.findall(r"!\[[^\]]*\]\[(\w+)\]", text):
        try:
            content = (assignment.student / FOLDER / f"{name}.png").read_bytes()
        except OSError as error:
            raise KitError(f"student/{FOLDER}/{name}.png", f"cannot be read: {error.strerror}",
                           "run `autograder figures`") from None  # fmt: skip
        text += f"\n\n[{name}]: data:image/png;base64,{base64.b64encode(content).decode()}"
    return text


def _as_notebook(cells: list[tuple[str, str, str]]) -> str:
    v4: Any = nbformat.v4  # it has no types
    made = [
        v4.new_code_cell(source, id=name)
        if kind == "code"
        else v4.new_markdown_cell(source, id=name)
        for kind, name, source in cells
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = v4.new_notebook(cells=made, metadata=metadata)
    nbformat.validate(whole)
    return str(v4.writes(whole)) + "\n"


def _filled_in(assignment: Assignment, words: Mapping[str, Any], notebook: bool) -> str:
    tests = suite.by_question(assignment)
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # it is Markdown, made of our own words
    )
    path = assignment.solution / TEXT
    try:
        template = environment.from_string(path.read_text(encoding="utf-8"))
        return template.render(
            notebook=notebook,
            questions=[_row(assignment, name, outcomes) for name, outcomes in tests.items()],
            run=assignment.settings.training,
            shown=numbers(assignment),
            graded=lambda name: _graded(assignment, name, tests[name]),
            **words,
        )
    except TemplateSyntaxError as error:
        where = f"solution/{TEXT}, line {error.lineno}"
        raise KitError(where, str(error.message), "see the comment at its top") from None
    except KeyError as error:
        raise KitError(f"solution/{TEXT}", f"it asks for {error}, and {FILE} has no such question",
                       "remove its section, or add the question") from None  # fmt: skip
    except TemplateError as error:
        raise KitError(f"solution/{TEXT}", f"cannot be filled in: {error}",
                       "see the comment at its top, and grading.yml") from None  # fmt: skip
    except OSError as error:
        raise KitError(f"solution/{TEXT}", f"cannot be read: {error.strerror}",
                       "it is the text of the handout: put it back") from None  # fmt: skip


def _row(assignment: Assignment, name: str, tests: list[Outcome]) -> dict[str, str]:
    question = assignment.questions[name]
    worth = _worth(assignment, name, tests)
    seen = sum(points for test, points in worth if not test.hidden)
    return {
        "id": name,
        "title": question.title,
        "points": f"{question.points:g}",
        "visible": f"{seen:.3g}",
        "time": question.time,
    }


def _graded(assignment: Assignment, name: str, tests: list[Outcome]) -> str:
    """Return a table of what is graded: the visible checks one by one, the hidden ones together."""
    worth = _worth(assignment, name, tests)
    rows = [(test.title, points) for test, points in worth if not test.hidden]
    hidden = [points for test, points in worth if test.hidden]
    if hidden:
        words = assignment.questions[name].hidden_checks
        rows.append(
            (f"*{len(hidden)} hidden check{'s' * (len(hidden) > 1)}: {words}*", sum(hidden))
        )
    lines = [f"| what is graded | of {assignment.questions[name].points:g} points |", "|---|---|"]
    return "\n".join([*lines, *(f"| {title} | {points:.3g} |" for title, points in rows)])


def _worth(assignment: Assignment, name: str, tests: list[Outcome]) -> list[tuple[Outcome, float]]:
    points = shared_out(assignment.questions[name].points, tuple(test.weight for test in tests))
    return list(zip(tests, map(float, points)))


def _alt(name: str, assignment: Assignment) -> str:
    figures = illustrations(assignment)
    if name not in figures:
        raise KitError(f"solution/{TEXT}", f"there is no figure {name!r}",
                       f"there are: {', '.join(figures)}")  # fmt: skip
    return figures[name].alt


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
