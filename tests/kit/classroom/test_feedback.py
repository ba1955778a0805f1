"""What students get back: it keeps to `show:` in points as well, and is written anew without grading."""

import re
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.assignment.config import Assignment, Show
from autograder.classroom.book import ledger
from autograder.classroom.report import handouts
from autograder.cli.terminal import show_when
from autograder.formats.seen import When
from autograder.grading.report import collect
from kit.classroom.class_of import graded_class, outcome, report_of

LATER = "These points are those of the checks that are shown now. Hidden checks of q1 count as well"


def with_show(assignment, **shows):
    """The assignment with other `show:` of some questions."""
    questions = dict(assignment.questions)
    for name, show in shows.items():
        questions[name] = questions[name].model_copy(update={"show": show})
    settings = assignment.settings.model_copy(update={"questions": questions})
    return Assignment(assignment.root, settings)


@pytest.fixture
def left(assignment, tmp_path):
    """left("after_published") leaves a class whose only student fails the hidden check of q1 alone."""

    def make(show):
        sheet = with_show(assignment, q1=Show(show))
        outcomes = [
            outcome("q1.1", "The first check."),
            outcome("q1.2", "A hidden check.", 0.0, "expected 5", hidden=True),
            outcome("q2.1", "The second check."),
        ]
        report = replace(collect(sheet, ("q1", "q2"), outcomes, 7), seconds=1.0)
        graded_class(tmp_path / "out", sheet, {"jane": report})
        return sheet, tmp_path / "out"

    return make


def told(out):
    """Return feedback.txt, and the text of feedback.html, with single spaces."""
    page = (out / "submissions/s0/feedback.html").read_text()
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return [" ".join(t.split()) for t in ((out / "submissions/s0/feedback.txt").read_text(), page)]


@pytest.mark.parametrize(
    ("show", "when", "points", "ending"),
    [
        ("visible", When.BEFORE_DUE, "22.5 of 30", None),
        ("score_only", When.BEFORE_DUE, "22.5 of 30", None),
        ("after_due_date", When.BEFORE_DUE, "22.5 of 22.5", ", and are shown after the due date."),
        ("after_due_date", When.AFTER_DUE, "22.5 of 30", None),
        ("after_due_date", When.PUBLISHED, "22.5 of 30", None),
        ("after_published", When.BEFORE_DUE, "22.5 of 22.5",
         ", and are shown when marks are published."),
        ("after_published", When.AFTER_DUE, "22.5 of 22.5",
         ", and are shown when marks are published."),
        ("after_published", When.PUBLISHED, "22.5 of 30", None),
        ("hidden", When.PUBLISHED, "22.5 of 22.5", ", and are not shown."),
    ],
)  # fmt: skip
def test_points_are_those_of_the_checks_that_are_shown(left, show, when, points, ending):
    sheet, out = left(show)
    with ledger.opened(out, sheet) as book:
        assert handouts.feedback_anew(book, sheet, when) == ()
    text, page = told(out)
    earned, most = points.split(" of ")
    assert f"all {earned} {most}" in text
    assert f"{points} points" in page
    for shown in (text, page):
        assert ("A hidden check." in shown) == (ending is None)
        assert (LATER in shown) == (ending is not None)
        assert ending is None or LATER + ending in shown
    verdict = "passed" if ending else "partly"
    assert f"q1 Cut images into patches {verdict}" in text
    assert f"q1 Cut images into patches {verdict}" in page
    assert ledger.read(out).shown is when


def test_teachers_see_all_points_whatever_students_see(left):
    _, out = left("after_published")
    page = (out / "details/s0.html").read_text()
    assert "22.5 of 30 points" in page
    assert "A hidden check." in page
    assert LATER not in page


def test_a_question_of_which_nothing_is_shown_says_so(assignment, tmp_path):
    sheet = with_show(assignment, q1=Show.HIDDEN)
    outcomes = [outcome("q1.1", "A hidden check.", 0.0, hidden=True), outcome("q2.1", "Seen.")]
    report = replace(collect(sheet, ("q1", "q2"), outcomes, 7), seconds=1.0)
    graded_class(tmp_path, sheet, {"jane": report})
    text, page = told(tmp_path)
    assert "q1 Cut images into patches not shown 0 0" in text
    assert "all 15 15" in text
    assert "Nothing of this question is shown now." in page


def test_feedback_is_written_anew_by_todays_mark_sheet_and_nothing_is_graded(left, assignment):
    _, out = left("hidden")
    records = {path: path.stat().st_mtime_ns for path in out.rglob("*.record")}
    sheet = with_show(assignment, q1=Show.VISIBLE)
    with ledger.opened(out, sheet) as book:
        assert handouts.feedback_anew(book, sheet, When.BEFORE_DUE) == ()
    assert "expected 5" in told(out)[0]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.record")} == records
    assert ledger.read_finished(out).rows[0].score == 22.5


def test_the_command_writes_feedback_anew_and_names_who_has_no_result(
    autograder, assignment, tmp_path
):
    out = tmp_path / "out"
    graded_class(out, assignment, {"jane": report_of(assignment), "bo": report_of(assignment, 0.5)})
    (out / "submissions/s0/feedback.txt").unlink()
    rows = {row.submission: row for row in ledger.read(out).rows}
    (out / ".graded" / rows["bo"].key[:2] / f"{rows['bo'].key}.record").unlink()
    said = autograder("feedback", out, "--published")
    assert said.returncode == 0, said.stderr
    assert "shows what may be seen after marks are published" in said.stdout
    assert "No result is kept of bo: give the batch again." in said.stdout
    assert (out / "submissions/s0/feedback.txt").is_file()
    said = autograder("feedback", tmp_path)
    assert said.returncode == 2
    assert "this is no output of `autograder batch`" in said.stderr


def test_batch_writes_what_is_shown_then_and_says_so_where_more_comes_later(autograder, tmp_path):
    (tmp_path / "class/ann").mkdir(parents=True)
    (tmp_path / "class/ann/vit.py").write_text("(")  # it cannot be read, so nothing is graded
    (tmp_path / "class/ben").mkdir()
    (tmp_path / "class/ben/notes.md").write_text("none")
    out = tmp_path / "out"
    for options, when in (((), When.BEFORE_DUE), (("--after-due",), When.AFTER_DUE),
                          (("--after-due", "--published"), When.PUBLISHED)):  # fmt: skip
        said = autograder("batch", tmp_path / "class", "--out", out, "--only", "q1", *options)
        assert said.returncode == 0, said.stderr
        assert ledger.read_finished(out).shown is when
        assert "Feedback holds" not in said.stdout  # grading.yml keeps nothing back for later


def test_what_comes_later_is_told_with_its_command(assignment, tmp_path, capsys):
    sheet = with_show(assignment, q1=Show.AFTER_PUBLISHED)
    console = Console(width=200)
    show_when(sheet, When.AFTER_DUE, tmp_path, console)
    assert f"autograder feedback {tmp_path} --published" in capsys.readouterr().out.replace(
        "\n", ""
    )
    show_when(sheet, When.PUBLISHED, tmp_path, console)
    assert capsys.readouterr().out == ""
