"""Keep the parts of README.md and docs/grading.md that are generated in step with what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.assignment.config import Assignment, Question
from autograder.assignment.points import shared_out
from autograder.errors import KitError
from autograder.grading import suite
from autograder.proof import calibrate, frontier, tolerances
from autograder.proof.explore import scores
from autograder.proof.quality import Quality
from autograder.proof.tolerances import Side

PAGES = (Path("README.md"), Path("docs/grading.md"))
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


@dataclass(frozen=True)
class ListedTest:
    """One row of a question's table."""

    number: str
    title: str
    points: float
    seen: str


@dataclass(frozen=True)
class ListedQuestion:
    """A question and its tests."""

    id: str
    title: str
    points: float
    tests: tuple[ListedTest, ...]


def pages(assignment: Assignment, measured: Quality) -> dict[Path, str]:
    """Return the text of each page with its generated parts written anew."""
    templates = Environment(
        loader=PackageLoader("autograder.proof"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # it is Markdown, made of our own words
    )
    template = templates.get_template("grading.md.j2")
    context = template.new_context(_facts(assignment, measured))

    def written(found: re.Match[str]) -> str:
        block = template.blocks.get(found[2])
        if block is None:
            raise KitError("docs", f"there is no generated part {found[2]!r}",
                           f"known are: {', '.join(template.blocks)}")  # fmt: skip
        text = "".join(block(context)).strip()
        return f"{found[1]}\n{text}\n\n{found[3]}"

    return {
        path: PART.sub(written, (assignment.root / path).read_text(encoding="utf-8"))
        for path in PAGES
        if (assignment.root / path).exists()
    }


def stale(assignment: Assignment, measured: Quality) -> list[str]:
    """Name the first line of each page that is not what was measured."""
    found = [f"{path}: is missing" for path in PAGES if not (assignment.root / path).exists()]
    for path, text in pages(assignment, measured).items():
        now = (assignment.root / path).read_text(encoding="utf-8").splitlines()
        for number, (old, new) in enumerate(zip(now, text.splitlines()), 1):
            if old != new:
                found.append(f"{path}, line {number}: should be {new!r}")
                break
        else:
            if len(now) != len(text.splitlines()):
                found.append(f"{path}: has another number of lines")
    return found


def write(assignment: Assignment, measured: Quality) -> list[Path]:
    """Write the generated parts of every page; return the pages that changed."""
    changed = []
    for path, text in pages(assignment, measured).items():
        if (assignment.root / path).read_text(encoding="utf-8") != text:
            (assignment.root / path).write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _facts(assignment: Assignment, measured: Quality) -> dict[str, object]:
    runs = list(calibrate.Runs(assignment.root / calibrate.FILE))
    fitted = calibrate.bars(assignment, runs)
    return {
        "wrong": measured.wrong,
        "right": measured.right,
        "typical": measured.typical,
        "survivors": measured.survivors,
        "unnamed": measured.unnamed,
        "known": measured.known,
        "killed": measured.killed,
        "spread": sum(len(one.lost) > 1 for one in measured.wrong),
        "failed": len(measured.failed_right),
        "named": measured.named,
        "steps": measured.steps,
        "misnamed": sum(bool(one.wrong_names) for one in measured.wrong),
        "questions": list(_questions(assignment)),
        "graded": [q.id for _, report in measured.typical[:1] for q in report.questions],
        "certificate": tolerances.read(assignment),
        "excused": tolerances.excused(assignment),
        "size": _size,
        "explored": scores.read(assignment.root),
        "full_credit_from": assignment.settings.training.full_credit_from,
        "tries": {n: calibrate.tries_of(n, assignment) for n in fitted},
        "fitted_bars": fitted,
        "fits": calibrate.fits(assignment, runs),
        "frontier": frontier.told(assignment),
    }


def _questions(assignment: Assignment) -> Iterator[ListedQuestion]:
    tests_of = suite.by_question(assignment)
    for name, question in assignment.questions.items():
        own = tests_of[name]
        points = shared_out(question.points, tuple(outcome.weight for outcome in own))
        tests = [
            ListedTest(o.test, o.title, float(worth), _seen(o.hidden, question))
            for o, worth in zip(own, points)
        ]
        yield ListedQuestion(name, question.title, question.points, tuple(tests))


def _seen(hidden: bool, question: Question) -> str:
    return f"after handing in: {question.show.value}" if hidden else "at home"


def _size(side: Side | None) -> str:
    if side is None:
        return ""
    return "no near miss" if side.error >= tolerances.MOST else f"{side.error:.2g}"
