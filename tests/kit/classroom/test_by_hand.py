"""Questions that people mark: asked for in a form, brought in by rubric line, missing ones listed."""

import csv
import shutil

import pytest

from autograder.assignment.config import load
from autograder.classroom.book import ledger
from autograder.classroom.grading import batch as batches
from autograder.classroom.grading.batch import Asked
from autograder.classroom.handing_on import delivery
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.report import compare
from autograder.errors import ConfigError, KitError
from kit.classroom.class_of import Graders, report_of
from kit.workbench import run

Q8 = """\
  q8:
    title: A report on positions
    points: 10
    by_hand: true
    rubric:
      - {line: "The plot, with its axes", points: 4}
      - {line: What it shows, points: 6}
"""
Q9 = "  q9: {title: A talk, points: 5, by_hand: true, show: after_published}\n"
HEADER = "submission,student,question,line,of,points,comment,by\n"
PLOT = 'anna,Anna,q8,"The plot, with its axes",4,3.5,No unit on y,A. Tutor\n'
SHOWN = "anna,Anna,q8,What it shows,6,5,,A. Tutor\n"


@pytest.fixture
def kit(copied):
    """kit(text) is the kit with questions added to its mark sheet."""

    def write(text):
        sheet = copied.root / "grading.yml"
        sheet.write_text(sheet.read_text() + text)
        return load(copied.root)

    return write


@pytest.fixture
def graded(kit, tmp_path):
    """graded(by_hand) grades a class of two; returns graders, outcome and output."""
    for name in ("anna", "ben"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "vit.py").write_text(f"# {name}\n")
    assignment = kit(Q8)

    def go(by_hand=None, out="out", asked=("q8",), decisions="", against=None):
        place = tmp_path / out
        place.mkdir(exist_ok=True)
        for name, text in (("by_hand.csv", by_hand), ("decisions.csv", decisions)):
            if text:
                (place / name).write_text(text)
        graders = Graders(lambda job: report_of(assignment, 0.5))
        earlier = ledger.read_finished(against) if against else None
        wanted = Asked(("q1", "q2"), None, earlier, against=against, by_hand=asked)
        done = batches.run(assignment, tmp_path / "in", place, wanted, graders, lambda *_: None)
        return graders, done, place

    return go


def lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_without_an_entry_everybody_is_listed_and_the_form_asks(graded):
    graders, done, out = graded()
    assert {job.questions for job in graders.jobs} == {("q1", "q2")}  # no test is asked about q8
    assert done.decisions[0] == "Not marked by hand yet, 2 of 2: anna, ben."
    assert str(out / "by_hand_form.csv") in done.decisions[1]
    assert [(row.score, row.max_score, row.unmarked) for row in done.batch.rows] == [
        (22.5, 40, ["q8"]),
        (22.5, 40, ["q8"]),
    ]
    asked = [(line["submission"], line["line"], line["of"], line["points"])
             for line in lines(out / "by_hand_form.csv")]  # fmt: skip
    assert asked == [
        ("anna", "The plot, with its axes", "4", ""),
        ("anna", "What it shows", "6", ""),
        ("ben", "The plot, with its axes", "4", ""),
        ("ben", "What it shows", "6", ""),
    ]
    assert [line["q8"] for line in lines(out / "grades.csv")] == ["", ""]
    assert "Not marked by hand yet" in (out / "report.html").read_text()


def test_the_form_filled_in_counts_and_is_told_line_by_line(graded, assignment, tmp_path):
    graded()
    form = tmp_path / "out" / "by_hand_form.csv"
    filled = form.read_text().replace("4,,,", "4,3.5,No unit on y,A. Tutor", 1)
    graders, done, out = graded(filled)
    assert graders.jobs == []  # nothing is graded anew for it
    assert done.decisions[0] == "Not marked by hand yet, 2 of 2: anna, ben."
    assert lines(form)[0]["comment"] == "No unit on y"  # what was given stays in the form
    _, done, out = graded(filled.replace("6,,,", "6,5,,A. Tutor", 1))
    assert done.decisions[0] == "Not marked by hand yet, 1 of 2: ben."
    anna = done.batch.rows[0]
    assert (anna.score, anna.max_score, anna.questions["q8"]) == (31, 40, 8.5)
    assert lines(out / "grades.csv")[0]["q8"] == "8.5"
    said = (out / "submissions/anna/feedback.txt").read_text()
    assert "The plot, with its axes: 3.5 of 4 (No unit on y; A. Tutor)" in said
    assert "With that: 31 of 40 points." in said
    for page in ("submissions/anna/feedback.html", "details/anna.html"):
        assert "No unit on y" in (out / page).read_text()
        assert "31 of 40" in (out / page).read_text()
    assert "not marked yet, of 6" in (out / "submissions/ben/feedback.txt").read_text()


def test_exports_hold_it_and_list_who_is_missing(graded, assignment, tmp_path):
    _, _, out = graded(HEADER + PLOT + SHOWN)
    said = list(delivery.write(assignment, out, tmp_path / "ex", Wanted(gradescope=True), None))
    assert "Not marked by hand yet, and without points for it: ben q8." in said
    anna, ben = lines(tmp_path / "ex" / "gradescope.csv")
    assert anna["3: A report on positions (10.0 pts)"] == "8.5"
    assert ben["3: A report on positions (10.0 pts)"] == ""
    assert (anna["Total Score"], anna["Max Points"]) == ("31", "40")
    (out / "by_hand.csv").write_text(HEADER)
    with pytest.raises(KitError, match=r"by_hand\.csv: it has changed since"):
        list(delivery.write(assignment, out, tmp_path / "ex", Wanted(gradescope=True), None))


def test_kept_over_a_regrade_and_counted_in_a_comparison(graded, tmp_path):
    graded(HEADER + PLOT)
    out = tmp_path / "out"
    _, done, new = graded(out="new", against=out)
    assert done.batch.rows[0].score == 26
    assert compare.moves(out, ledger.read_finished(out), new, done.batch).changed == ()
    _, done, new = graded(HEADER + PLOT + SHOWN, out="new")
    (move,) = compare.moves(out, ledger.read_finished(out), new, done.batch).changed
    assert (move.before, move.after) == (26, 31)
    assert move.by == ("by hand, q8 What it shows: - -> 5",)


def test_some_questions_alone_are_graded_without_it(graded):
    _, done, out = graded(HEADER + PLOT, asked=())
    assert (done.batch.rows[0].score, done.batch.rows[0].max_score) == (22.5, 30)
    assert not (out / "by_hand_form.csv").exists()


def test_what_is_kept_back_is_not_told_to_students(kit, tmp_path):
    assignment = kit(Q9)
    (tmp_path / "in" / "anna").mkdir(parents=True)
    (tmp_path / "in" / "anna" / "vit.py").write_text("")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/by_hand.csv").write_text("question;submission;points\nq9;anna;4,5\n")
    asked = Asked(("q1", "q2"), by_hand=("q9",))
    graders = Graders(lambda job: report_of(assignment, 0.5))
    done = batches.run(
        assignment, tmp_path / "in", tmp_path / "out", asked, graders, lambda *_: None
    )
    assert done.batch.rows[0].score == 27
    said = (tmp_path / "out/submissions/anna/feedback.txt").read_text()
    assert "A talk" not in said
    assert "27" not in said.split()
    assert "A talk" in (tmp_path / "out/details/anna.html").read_text()


@pytest.mark.parametrize(("text", "where", "what", "remedy"), [
    (HEADER + PLOT.replace("anna", "ana"), "line 2", "no submission is called 'ana'", "mean anna?"),
    (HEADER + PLOT.replace("q8", "q1"), "line 2", "'q1' is no question that is marked by hand",
     "choose from q8; other points go into decisions.csv"),
    (HEADER + PLOT.replace("3.5", "4.5"), "line 2", "4.5 points, and there are 4 to give", "0 to 4"),
    (HEADER + PLOT.replace("3.5", "-1"), "line 2", "-1 points, and there are 4 to give", "0 to 4"),
    (HEADER + PLOT.replace("3.5", "=2+1"), "line 2", "'=2+1' is no number of points", "2.5"),
    (HEADER + PLOT.replace("with its", "and"), "line 2", "has no line 'The plot, and axes'",
     "did you mean 'The plot, with its axes'?"),
    (HEADER + PLOT + PLOT, "line 3", "line 2 gives points for the same", "keep one"),
    (HEADER.replace("points", "point"), "line 1", "no column is to be called 'point'", "points?"),
    ("submission,points\n", "line 1", "there is no column 'question'", "begin it with the line"),
])  # fmt: skip
def test_what_cannot_be_meant_is_told_before_anything_is_graded(graded, text, where, what, remedy):
    with pytest.raises(KitError) as told:
        graded(text)
    assert where in told.value.where
    assert what in told.value.what
    assert remedy in (told.value.remedy or "")


def test_a_decision_about_it_is_sent_to_its_own_file(graded):
    with pytest.raises(KitError, match="q8 is marked by hand"):
        graded(decisions="submission,question,points,change,reason,by\nanna,q8,1,,why,me\n")


@pytest.mark.parametrize(("old", "new", "where", "what"), [
    ("points: 6", "points: 5", "line", "the rubric of q8 adds up to 9 points, and q8 has 10"),
    ("What it shows", '"The plot, with its axes"', "line", "two lines in the rubric of q8"),
    ("    by_hand: true\n", "", "line", "q8 has a rubric, and is marked by tests"),
    ("points: 6", "pionts: 6", "line", "unknown key `pionts`"),
    ("by_hand: true", "by_hand: maybe", "line", "`by_hand` is 'maybe'"),
])  # fmt: skip
def test_a_mark_sheet_that_does_not_add_up_is_told_with_its_line(kit, old, new, where, what):
    with pytest.raises(ConfigError) as told:
        kit(Q8.replace(old, new))
    assert what in told.value.what
    assert where in told.value.where


def test_a_test_of_a_question_that_people_mark_is_refused(kit, assignment):
    kit("")
    root = kit("").root
    shutil.copy(root / "tests/hidden/test_q1_patchify.py", root / "tests/hidden/test_q8_report.py")
    with pytest.raises(ConfigError, match="q8 is marked by hand, and has a test"):
        kit(Q8)


def test_the_rest_of_the_kit_asks_no_test_about_it(kit, tmp_path):
    assignment = kit(Q8)
    assert "q8" not in assignment.questions
    assert assignment.points == 100
    told = run("grade", assignment.root / "student", "--only", "q8", cwd=assignment.root)
    assert (told.returncode, "q8 is marked by hand" in told.stderr) == (2, True)
