"""What people decide about points: applied last, told apart, kept over a regrade, refused if unclear."""

import csv
import shutil
from dataclasses import replace

import pytest

from autograder.assignment.config import Show
from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Decided, Row
from autograder.classroom.finding.roster import Entry
from autograder.classroom.grading import batch as batches
from autograder.classroom.grading.batch import Asked
from autograder.classroom.grading.decisions import Decisions
from autograder.classroom.handing_on import delivery
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.report import compare, handouts
from autograder.classroom.report.decided import since
from autograder.errors import KitError
from autograder.formats.seen import When
from kit.classroom.class_of import Graders, graded_class, report_of

ASKED = Asked(("q1", "q2"))
HEADER = "submission,question,points,change,reason,by\n"
LINE = 'anna,q1,12,,"The shape was right, see her mail",A. Tutor\n'


@pytest.fixture
def source(tmp_path):
    for name in ("anna", "ben", "=cleo"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "vit.py").write_text(f"# {name}\n")
    return tmp_path / "in"


@pytest.fixture
def graded(assignment, source, tmp_path):
    """graded(text, 0.5) decides what is in the text, grades, and returns what was done."""

    def go(text=None, share=0.5, out="out", asked=ASKED):
        place = tmp_path / out
        if text is not None:
            place.mkdir(exist_ok=True)
            content = text if isinstance(text, bytes) else text.encode()
            (place / "decisions.csv").write_bytes(content)
        graders = Graders(lambda job: report_of(assignment, share))
        done = batches.run(assignment, source, place, asked, graders, lambda *_: None)
        return graders, done

    return go


def lines(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def table(out):
    return {line["submission"]: line for line in lines(out / "grades.csv")}


def rows(done):
    return {row.submission: row for row in done.batch.rows}


def test_a_decision_is_applied_last_and_shown_apart(graded, tmp_path, assignment):
    _, done = graded(HEADER + LINE + "ben,q2,-1.5,,late,B. Tutor\n'=cleo,q1,,2,retyped,C. Tutor\n")
    found = {name: (row.score, row.automatic) for name, row in rows(done).items()}
    assert found == {"anna": (27, 22.5), "ben": (21, 22.5), "=cleo": (24.5, 22.5)}
    out = tmp_path / "out"
    line = table(out)["anna"]
    assert (line["score"], line["q1"], line["automatic"]) == ("27", "12", "22.5")
    said = "q1: 7.5 -> 12 (The shape was right, see her mail; A. Tutor)"
    assert line["decided"] == said
    assert done.decisions == ("3 of decisions.csv applied.",)
    feedback = (out / "submissions/anna/feedback.txt").read_text()
    assert f"Decided by your teachers, over what the tests gave:\n    {said}" in feedback
    assert "With that: 27 of 30 points." in feedback
    for page in ("submissions/anna/feedback.html", "details/anna.html", "report.html"):
        text = (out / page).read_text()
        assert all(word in text for word in ("see her mail", "A. Tutor", "7.5", ">12")), page
    graded(out="without")
    assert "Decided" not in (tmp_path / "without/report.html").read_text()
    assert "decided" not in (tmp_path / "without/grades.csv").read_text()


def test_every_export_holds_the_decided_marks_and_tells_them_apart(graded, tmp_path, assignment):
    graded(HEADER + LINE)
    out, into = tmp_path / "out", tmp_path / "exports"
    template = tmp_path / "canvas.csv"
    template.write_text(
        "Student,ID,SIS User ID,Marks\n    Points Possible,,,30\nanna,1,,\nben,2,,\n"
    )
    wanted = Wanted(canvas=template, gradescope=True, column="Marks")
    said = list(delivery.write(assignment, out, into, wanted, None))
    assert any("1 decisions of people are in these marks" in line for line in said)
    assert "anna,1,,27" in (into / "canvas.csv").read_text()
    told = lines(into / "gradescope.csv")[1]
    assert told["Submission ID"] == "anna"
    assert (told["Total Score"], told["Score Before Decisions"]) == ("27", "22.5")
    assert told["Decisions"].startswith("q1: 7.5 -> 12 (")
    (one,) = lines(into / "decided.csv")
    assert (one["automatic"], one["points"], one["by"]) == ("7.5", "12", "A. Tutor")
    (out / "decisions.csv").write_text(HEADER)
    with pytest.raises(KitError, match="changed since the class was graded"):
        list(delivery.write(assignment, out, into, wanted, None))


def test_kept_over_a_regrade_and_listed_where_the_mark_under_it_has_changed(graded, tmp_path):
    graders, _ = graded(HEADER + LINE + "ben,q2,3,,why,me\n")
    again, done = graded()
    assert (len(graders.jobs), len(again.jobs)) == (3, 0)
    assert done.decisions == ("2 of decisions.csv applied.",)
    earlier = ledger.read_finished(tmp_path / "out")
    asked = Asked(("q1", "q2"), None, earlier, against=tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / ledger.RECORDS)  # as if the tests were others by now
    _, done = graded(share=0.8, out="new", asked=asked)
    assert rows(done)["anna"].score == 27
    told = "anna q1: the tests gave 7.5 when this was decided, and now 12"
    assert done.decisions == ("2 of decisions.csv applied.", told)
    assert "and now 12" in (tmp_path / "new/report.html").read_text()
    assert "and now 12" in (tmp_path / "new/details/anna.html").read_text()
    assert "and now 12" not in (tmp_path / "new/submissions/anna/feedback.txt").read_text()
    _, done = graded(out="new")  # it is told until somebody has looked
    assert told in done.decisions
    _, done = graded(HEADER + LINE.replace("her mail", "her mails"), out="new")
    assert done.decisions == ("1 of decisions.csv applied.",)


def test_another_content_under_a_decision_is_listed(graded, source):
    graded(HEADER + LINE)
    (source / "anna" / "vit.py").write_text("# something else\n")
    _, done = graded()
    assert done.decisions[1] == "anna q1: something else was handed in then"


def test_a_comparison_counts_decisions(graded, tmp_path):
    graded()
    _, after = graded(HEADER + LINE, out="new")
    old, new = tmp_path / "out", tmp_path / "new"
    found = compare.moves(old, ledger.read_finished(old), new, after.batch)
    (move,) = found.changed
    assert (move.submission, move.before, move.after) == ("anna", 22.5, 27)
    assert move.by[0].startswith("decided, q1: 7.5 -> 12 (")


def test_what_is_added_stays_within_the_question_and_is_told(graded):
    _, done = graded(HEADER + "anna,q1,+10,,why,me\nben,q1,-10,,why,me\n")
    points = {name: row.questions["q1"] for name, row in rows(done).items()}
    assert (points["anna"], points["ben"]) == (15, 0)
    assert (
        done.decisions[1] == "anna q1: +10 would lead out of the question's points: it ends at 15"
    )


def test_a_question_that_is_not_graded_now_waits(graded):
    _, done = graded(HEADER + "anna,q3,10,,why,me\n")
    assert rows(done)["anna"].score == 22.5
    assert done.decisions == ("anna q3: not graded in this run, so line 2 of decisions.csv waits",)


def test_points_of_a_question_that_is_kept_back_are_kept_back(graded, assignment):
    _, done = graded(HEADER + LINE)
    report, row = report_of(assignment, 0.5), rows(done)["anna"]
    first = report.questions[0]
    hidden = replace(
        first, question=first.question.model_copy(update={"show": Show.AFTER_PUBLISHED})
    )
    kept = replace(report, questions=(hidden, *report.questions[1:]))
    assert b"Decided" in handouts.feedback(row, report, "title", When.BEFORE_DUE)
    assert b"Decided" not in handouts.feedback(row, kept, "title", When.BEFORE_DUE)


@pytest.mark.parametrize("text", [
    "\ufeff" + HEADER + LINE,
    "submission;question;points;reason;by\r\nanna;q1;12,0;shape;A. Tutor\r\n",
    "By,Submission,Question,Points,Reason\n\nme,anna,q1,12,why\n,,,,\n",
    HEADER + "anna,q1,,4.5,why,me\n",
    "submission;question;points;reason;by;;;\nanna;q1;12;why;me;;;\n;;;;;;;\n",
    HEADER + "anna,q1,+4.5,,=HYPERLINK(1),me\n",
])  # fmt: skip
def test_however_a_spreadsheet_saves_it_the_decision_is_the_same(graded, tmp_path, text):
    _, done = graded(text)
    assert rows(done)["anna"].score == 27
    with (tmp_path / "out/grades.csv").open(newline="") as file:
        assert not any(cell.startswith(("=", "@")) for line in csv.reader(file) for cell in line)


@pytest.mark.parametrize(("text", "where", "what", "remedy"), [
    (HEADER + "ana,q1,12,,why,me\n", "line 2", "no submission is called 'ana'", "did you mean anna?"),
    (HEADER + "anna,q9,12,,why,me\n", "line 2", "there is no question 'q9'", "choose from q1, q2"),
    (HEADER + "anna,q1,16,,why,me\n", "line 2", "16 points, and q1 has 15", "write 15 or less"),
    (HEADER + "anna,q1,,-16,why,me\n", "line 2", "-16 points, and q1 has 15", "write 15 or less"),
    (HEADER + LINE + LINE, "line 3", "line 2 decides about q1 of anna as well", "keep one"),
    (HEADER + "anna,q1,=6*2,,why,me\n", "line 2", "'=6*2' is no number of points", "write 12"),
    (HEADER + "anna,q1,1e1,,why,me\n", "line 2", "'1e1' is no number", "write 12"),
    (HEADER + "anna,q1,,,why,me\n", "line 2", "no points", "write 12"),
    (HEADER + "anna,q1,1,1,why,me\n", "line 2", "both points (1) and change (1)", "write 12"),
    (HEADER + "anna,q1,1,,,me\n", "line 2", "its reason is empty", "say whom"),
    (HEADER + "anna,q1,1,,a, b,me\n", "line 2", "7 cells, and there are 6 columns", "quotes"),
    (HEADER.replace("reason", "reasons"), "line 1", "called 'reasons'", "did you mean reason?"),
    ("submission,question,reason,by\nanna,q1,why,me\n", "line 2", "no points", "write 12"),
    ("", "line 1", "there is no column 'submission'", "begin it with"),
    ((HEADER + "anna,q1,1,,für,me\n").encode("latin-1"), "decisions.csv", "cannot be read", "UTF-8"),
])  # fmt: skip
def test_what_cannot_be_meant_is_told_before_anything_is_graded(graded, text, where, what, remedy):
    with pytest.raises(KitError) as told:
        graded(text)
    assert where in told.value.where
    assert what in told.value.what
    assert remedy in (told.value.remedy or "")


def test_nobody_decides_about_what_was_not_handed_in(assignment, tmp_path):
    (tmp_path / "decisions.csv").write_text(HEADER + LINE)
    entries = [Entry("anna", "Anna", "anna")]
    with pytest.raises(KitError, match="anna has handed in nothing"):
        Decisions(tmp_path, entries, assignment)


def test_a_decision_about_what_no_longer_counts_is_to_be_looked_at(assignment, tmp_path):
    one = Decided("q1", "12", "why", "me", 12, 7.5, 7.5, "anna")
    facts = {"decided": (one,), "counts": False, "status": ledger.Status.SUPERSEDED}
    batch = graded_class(tmp_path, assignment, {"anna": report_of(assignment, 0.5)}, anna=facts)
    assert since(batch.rows[0], one) == "a later submission counts"


def test_thousands_of_lines_are_read_with_their_class(assignment, tmp_path):
    entries = [Entry(f"s{n}", f"S {n}", f"s{n}", (("vit.py", tmp_path),)) for n in range(2000)]
    text = "".join(f"s{n},q{q},1,,why,me\n" for n in range(2000) for q in range(1, 8))
    (tmp_path / "decisions.csv").write_text(HEADER + text)
    decisions = Decisions(tmp_path, entries, assignment)
    row = Row("s1999", "S", "s", "s", ledger.Status.GRADED, True, questions={"q1": 3.0, "q2": 2.5})
    assert decisions.apply(row, []).score == 2
