"""The handout: one text, of which student/README.md and the notebook are made."""

import json
import re

import nbformat
import pytest
from markdown_it import MarkdownIt

from autograder.assignment.config import load
from autograder.errors import KitError
from autograder.grading import suite
from autograder.handout import editions, skeleton
from autograder.handout.figures import illustrations
from kit.workbench import ROOT, with_settings

FIGURES = illustrations(load(ROOT))
PHONE = 39  # columns of code that a window of 390 pixels shows without scrolling
INSTALL = "python -m pip install "  # a command stays on one line


@pytest.fixture(scope="module")
def page(assignment):
    return editions.readme(assignment)


@pytest.fixture(scope="module")
def book(assignment):
    return nbformat.reads(editions.notebook(assignment), 4)


def sources(book, kind):
    return [cell.source for cell in book.cells if cell.cell_type == kind]


def test_every_question_is_told_with_its_points_and_visible_checks(assignment, page):
    for name, question in assignment.questions.items():
        assert f"| {name}  {question.title} | {question.points:g} |" in page
        assert f"| what is graded | of {question.points:g} points |" in page
        assert f"**Check** with `pytest -k {name}`." in page
    for outcome in suite.collected(assignment):
        assert (outcome.title in page) is not outcome.hidden, outcome.title


def test_every_question_says_what_its_hidden_checks_look_at(assignment, page):
    for question in assignment.questions.values():
        assert re.search(rf"\*\d+ hidden checks?: {re.escape(question.hidden_checks)}\*", page)


def test_a_question_without_words_for_its_hidden_checks_says_more_of_the_same(copied):
    path = copied.root / "grading.yml"
    path.write_text(re.sub(r"    hidden_checks: .*\n", "", path.read_text()))
    assert "*7 hidden checks: more checks of the same kind* |" in editions.readme(load(copied.root))


def test_students_runs_know_how_many_checks_there_are(assignment):
    known = json.loads(skeleton.generate(assignment)["checks/assignment.json"])["questions"]
    for name, question in assignment.questions.items():
        visible = [o for o in suite.collected(assignment) if o.question == name and not o.hidden]
        assert known[name]["visible_checks"] == len(visible)
        assert known[name]["hidden_checks"] == question.hidden_checks


def test_points_in_the_text_are_those_of_the_mark_sheet(copied):
    path = copied.root / "grading.yml"
    before, q3, after = path.read_text().partition(
        "title: Multi-head self-attention\n    points: 25"
    )
    assert q3
    path.write_text(before + q3.replace("25", "35") + after)
    changed = editions.readme(load(copied.root))
    assert "| q3  Multi-head self-attention | 35 |" in changed
    assert "| what is graded | of 35 points |" in changed


def test_every_step_shows_shapes_a_figure_and_what_to_write(page):
    steps = re.split(r"^## ", page, flags=re.M)
    for question in ("q1", "q2", "q3", "q4", "q5"):
        (step,) = (s for s in steps if re.match(rf"Step \d \({question}\)", s))
        assert re.search(r"^    before .*\n    after ", step, flags=re.M)
        assert "**Write** " in step
    pictures = re.findall(r"!\[([^\]]+)\]\(figures/(\w+)\.svg\)", page)
    assert {name for _, name in pictures} == FIGURES.keys()
    assert all(len(alt) > 30 for alt, _ in pictures)


def test_the_two_special_cases_of_the_usual_formulas_are_named(page):
    assert "holds for C = 1 only" in page
    assert re.search(r"The root is of \*\*d_head\*\*, not of d.*holds for one head", page)


def test_the_notebook_has_the_same_texts_as_the_page(page, book):
    lines = {line for text in sources(book, "markdown") for line in text.splitlines()}
    own = [
        line for line in lines if len(line) > 60 and line not in page and "data:image" not in line
    ]
    figures = [line for line in own if line.startswith("![")]  # other links, the same words
    assert len(figures) == len(FIGURES)
    assert len(own) - len(figures) < 12  # how to start, how to hand in


def test_the_notebook_has_every_stub_once_and_a_check_below_each(assignment, book):
    code = sources(book, "code")
    for name in assignment.questions:
        assert code.count(f'check("{name}")') == 1
    for piece in editions.Editions(assignment).pieces().values():
        assert code.count(piece.source) == 1
    assert sum("NotImplementedError" in cell for cell in code) == 6


def test_the_notebook_is_whole_without_files_beside_it(book):
    nbformat.validate(book)
    texts = "\n".join(sources(book, "markdown"))
    for name in FIGURES:
        assert f"[{name}]: data:image/png;base64,iVBOR" in texts
    assert "](figures/" not in texts
    assert all(cell.get("outputs", []) == [] for cell in book.cells)


def test_courses_with_otter_get_its_cells_and_test_files(assignment):
    otter = assignment.settings.otter.model_copy(update={"check_cells": True})
    asked = with_settings(assignment, otter=otter)
    code = sources(nbformat.reads(editions.notebook(asked), 4), "code")
    assert 'grader.check("q1")' in code
    assert sum(cell.startswith("import otter") for cell in code) == 1
    assert editions.otter_tests(asked).keys() == {f"otter_tests/q{n}.py" for n in range(1, 8)}
    assert editions.otter_tests(assignment) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Title\n{% if notebook %}\nno end", "line 3: "),
        ('{{ figure("cat") }}', "there is no figure 'cat'"),
        ('{{ graded("q9") }}', "it asks for 'q9', and grading.yml has no such question"),
        ("{{ points }}", "cannot be filled in: 'points' is undefined"),
        (None, "cannot be read"),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_told(copied, text, said):
    path = copied.solution / editions.TEXT
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with pytest.raises(KitError) as caught:
        editions.readme(copied)
    assert str(caught.value).startswith("solution/handout.md")
    assert said in str(caught.value)
    assert "To mend it:" in str(caught.value)


def test_a_stub_that_the_solution_does_not_have_is_told(copied):
    (copied.solution / editions.TEXT).write_text('{{ cell }}\n{{ stub("q7") }}\n')
    with pytest.raises(KitError, match=r"(?s)stub of q7, which has none.*# BEGIN SOLUTION q7"):
        editions.notebook(copied)


def test_a_question_has_the_time_of_the_mark_sheet_or_none(assignment):
    q3 = assignment.questions["q3"]
    untimed = {**assignment.questions, "q3": q3.model_copy(update={"time": ""})}
    first, second = (
        next(line for line in editions.readme(kit).splitlines() if line.startswith("| q3  "))
        for kit in (assignment, with_settings(assignment, questions=untimed))
    )
    assert first.endswith("| 1 to 2.5 h |")
    assert second == first.replace("1 to 2.5 h", "")


def test_a_missing_figure_is_told(copied):
    (copied.student / "figures" / "model.png").unlink()
    with pytest.raises(
        KitError, match=r"(?s)figures/model.png: cannot be read.*autograder figures"
    ):
        editions.notebook(copied)


def test_a_phone_shows_every_line_of_code_whole(page):
    blocks = [t for t in MarkdownIt("commonmark").parse(page) if t.type in ("code_block", "fence")]
    lines = [line for block in blocks for line in block.content.splitlines()]
    assert len(lines) > 60
    assert [line for line in lines if len(line) > PHONE and not line.startswith(INSTALL)] == []


def test_every_column_has_a_name_and_every_link_says_where_it_leads(page):
    heads = re.findall(r"^(\|.*\|)\n\|-", page, flags=re.M)
    assert len(heads) > 8
    assert all(name.strip() for head in heads for name in head.strip("|").split("|"))
    links = re.findall(r"(?<!!)\[([^\]]+)\]\(", page)
    assert [text for text in links if len(text) < 10 or re.fullmatch(r"(click )?here", text)] == []
