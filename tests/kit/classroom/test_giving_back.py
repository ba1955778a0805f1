"""Feedback on its way back: for Moodle, for Canvas, and as drafts of mails."""

import csv
import email
import email.policy
import io
import zipfile

import pytest

from autograder.assignment.config import Assignment, Show
from autograder.classroom.book.ledger import Status, read
from autograder.classroom.finding import roster
from autograder.classroom.handing_on import delivery
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.handing_on.feedback import To
from kit.classroom.class_of import graded_class, report_of

WORKSHEET = """\
Identifier,Full name,Email address,Grade,Maximum Grade,Feedback comments
Participant 71,Jane Doe,jane@x.edu,,30,
Participant 72,Jo_sé Roe,jose@x.edu,,30,"<p>Autograder: 3 of 30 points</p>"
Participant 73,Eve Hu,eve@x.edu,,30,Well argued.
"""
FACTS = {
    "jane": {"who": "moodle 71", "student": "Jane Doe"},
    "jose": {"who": "moodle 72", "student": "Jo_sé Roe"},
    "eve": {"who": "moodle 73", "student": "Eve Hu"},
    "bo": {"who": "moodle 74", "student": "Bo", "status": Status.OUR_FAULT},
    "al": {"who": "moodle 75", "student": "Al", "status": Status.MISSING},
}


@pytest.fixture
def give_back(assignment, tmp_path):
    """give_back(Wanted(...), {name: share}, facts) leaves a class, and exports it."""

    def make(wanted, shares, facts, kit=assignment):
        out = tmp_path / "out"
        reports = {name: report_of(kit, share) for name, share in shares.items()}
        graded_class(out, kit, reports, **facts)
        return "\n".join(delivery.write(kit, out, tmp_path / "into", wanted, None))

    return make


@pytest.fixture
def worksheet(tmp_path):
    path = tmp_path / "worksheet.csv"
    path.write_text(WORKSHEET)
    return path


def unzipped(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def taken_up_by_moodle(name):
    """Return what Moodle reads in a file's name: it cuts it at underscores, into five parts."""
    whose, number, kind, plugin, file = name.split("_", 4)
    return whose, int(number), f"{kind}_{plugin}", file


def test_moodle_gets_a_zip_and_comments(give_back, worksheet, tmp_path):
    shares = dict.fromkeys(FACTS, 0.5) | {"jose": 1.0}
    said = give_back(Wanted(moodle=worksheet, feedback=(To.MOODLE,)), shares, FACTS)
    files = unzipped(tmp_path / "into/feedback-moodle.zip")
    assert [taken_up_by_moodle(name) for name in sorted(files)] == [
        ("Eve Hu", 73, "assignsubmission_file", "feedback.html"),
        ("Jane Doe", 71, "assignsubmission_file", "feedback.html"),
        ("Jo-sé Roe", 72, "assignsubmission_file", "feedback.html"),
    ]
    own = {name: content for name, content in files.items() if "_71_" in name}
    rows = {row.submission: row for row in read(tmp_path / "out").rows}
    page = tmp_path / "out/submissions" / rows["jane"].folder / "feedback.html"
    assert list(own.values()) == [page.read_bytes()]
    filled = list(csv.reader(io.StringIO((tmp_path / "into/moodle.csv").read_text())))
    assert [line[5] for line in filled[1:]] == [
        "Autograder: 22.5 of 30 points: q1 7.5 of 15, q2 15 of 15.",
        "Autograder: 30 of 30 points: q1 15 of 15, q2 15 of 15.",
        "Well argued.",
    ]
    assert "feedback for 3 submissions" in said
    assert "Somebody's own comment stays for: Eve Hu." in said
    assert "Without feedback: Al (al): nothing handed in; Bo (bo): the grader failed." in said


def test_without_a_worksheet_moodles_own_numbers_are_taken(give_back, tmp_path):
    facts = {"jane": FACTS["jane"], "x": {"student": "X Y"}}
    said = give_back(Wanted(feedback=(To.MOODLE,)), {"jane": 1.0, "x": 1.0}, facts)
    (name,) = unzipped(tmp_path / "into/feedback-moodle.zip")
    assert taken_up_by_moodle(name)[:2] == ("Jane Doe", 71)
    assert "Without feedback for moodle: X Y (x): no participant number: give the worksheet" in said


def test_a_worksheet_without_comments_says_how_to_get_them(give_back, tmp_path, worksheet):
    worksheet.write_text("\n".join(line.rpartition(",")[0] for line in WORKSHEET.splitlines()))
    said = give_back(Wanted(moodle=worksheet, feedback=(To.MOODLE,)), {"jane": 1.0}, FACTS)
    assert "has no column 'Feedback comments': allow them in the assignment's settings" in said


def test_a_summary_tells_no_more_than_may_be_seen(give_back, worksheet, tmp_path, assignment):
    questions = dict(assignment.questions)
    questions["q1"] = questions["q1"].model_copy(update={"show": Show.AFTER_PUBLISHED})
    settings = assignment.settings.model_copy(update={"questions": questions})
    kit = Assignment(assignment.root, settings)
    wanted = Wanted(moodle=worksheet, feedback=(To.MOODLE,))
    said = give_back(wanted, {"jane": 0.5}, FACTS, kit)
    lines = csv.reader(io.StringIO((tmp_path / "into/moodle.csv").read_text()))
    (comment,) = [line[5] for line in lines if "Jane Doe" in line]
    assert comment.startswith("Autograder: 18.75 of 22.5 points: q1 3.75 of 7.5, q2 15 of 15.")
    assert "Hidden checks of q1 count as well, and are shown when marks are published." in comment
    assert "Feedback shows what may be seen before the due date." in said
    assert "Marks hold all checks; feedback, what may be seen before the due date." in said


def test_canvas_gets_files_named_as_its_own(give_back, tmp_path):
    facts = {
        "doejane_101": {"who": "canvas 101", "student": "doejane",
                        "file": "doejane_LATE_101_5001_vit.py"},
        "old_102": {"who": "canvas 102", "student": "old"},
        "x": {"student": "x"},
        "anon": {"who": "canvas ab1", "student": "anon", "file": "anon_ab1_5003_vit.py"},
    }  # fmt: skip
    said = give_back(Wanted(feedback=(To.CANVAS,)), dict.fromkeys(facts, 1.0), facts)
    files = unzipped(tmp_path / "into/feedback-canvas.zip")
    assert list(files) == ["doejane_LATE_101_5001_feedback.txt"]
    numbers = [part for part in next(iter(files)).split("_") if part.isdecimal()]
    assert numbers == ["101", "5001"]  # of the student, and of a file that they have handed in
    assert b"doejane" in files[next(iter(files))]
    for who, why in (("old (old_102)", "an earlier version"), ("x", "named as in its download"),
                     ("anon", "named as in its download")):  # fmt: skip
        assert f"{who}: " in said
        assert why in said


def test_a_class_of_canvas_keeps_a_name_that_canvas_knows(tmp_path, assignment):
    place = tmp_path / "class"
    place.mkdir()
    for name in (
        "doejane_101_5001_vit.py",
        "doejane_101_5009_vit-1.py",
        "roejo_LATE_102_5002_a.py",
    ):
        (place / name).write_text("x = 1\n")
    found = roster.find(place, assignment, tmp_path / "unpacked", tmp_path / "out")
    assert {entry.submission: entry.file for entry in found.entries if entry.counts} == {
        "doejane_101": "doejane_101_5009_vit-1.py",
        "roejo_102": "roejo_LATE_102_5002_a.py",
    }


def test_mails_are_drafts_with_the_page_beside_the_text(give_back, worksheet, tmp_path):
    facts = {
        "pair": {"student": "Al Hu, Zoë Na", "email": "al@x.edu, zoe@x.edu", "sid": "1, 2"},
        "jane": {"student": "Jane Doe"},
        "bad": {"student": "=Bad", "email": "a@x.edu\nBcc: all@x.edu"},
        "x": {"student": "Nobody Known"},
    }
    (tmp_path / "into/mail").mkdir(parents=True)
    (tmp_path / "into/mail/left.eml").write_text("of an earlier export")
    wanted = Wanted(moodle=worksheet, feedback=(To.MAIL,))
    said = give_back(wanted, dict.fromkeys(facts, 0.5), facts)
    rows = {row.submission: row for row in read(tmp_path / "out").rows}
    drafts = {path.name: path for path in (tmp_path / "into/mail").iterdir()}
    assert set(drafts) == {f"{rows[name].folder}.eml" for name in ("pair", "jane")}
    draft = email.message_from_bytes(
        drafts[f"{rows['pair'].folder}.eml"].read_bytes(), policy=email.policy.default
    )
    assert draft["To"] == "al@x.edu, zoe@x.edu"
    assert draft["X-Unsent"] == "1"
    assert draft["From"] is None
    body = draft.get_body(("plain",)).get_content()
    assert body.startswith("22.5 of 30 points: q1 7.5 of 15, q2 15 of 15.")
    assert "Zoë Na" in body
    (page,) = draft.iter_attachments()
    assert page.get_filename() == "feedback.html"
    assert "Zoë Na" in page.get_content()
    table = list(csv.DictReader(io.StringIO((tmp_path / "into/mail.csv").read_text())))
    assert {line["submission"]: line["email"] for line in table} == {
        "pair": "al@x.edu, zoe@x.edu",
        "jane": "jane@x.edu",
    }
    assert {line["points"] for line in table} == {"22.5"}
    assert "nothing is sent" in said
    for who in ("=Bad (bad)", "Nobody Known (x)"):
        assert f"{who}: no e-mail address: give a table that has it" in said


def test_the_same_class_makes_the_same_files(give_back, worksheet, tmp_path):
    def content():
        wanted = Wanted(moodle=worksheet, feedback=(To.MOODLE, To.MAIL))
        give_back(wanted, {"jane": 0.5}, FACTS)
        return {path: path.read_bytes() for path in (tmp_path / "into").rglob("*.*")}

    first = content()
    assert first == content()
    assert len(first) == 4


def test_a_penalty_for_late_days_is_told(give_back, autograder, worksheet, tmp_path):
    give_back(Wanted(gradescope=True), {"jane": 0.5}, FACTS)
    dates = tmp_path / "dates.csv"
    dates.write_text("submission,handed_in\njane,2026-03-02T10:00Z\n")
    said = autograder("export", tmp_path / "out", "--feedback", "moodle", "--moodle", worksheet,
                      "--due", "2026-03-01T12:00Z", "--dates", dates)  # fmt: skip
    assert said.returncode == 0, said.stderr
    text = (tmp_path / "out/exports/moodle.csv").read_text()
    assert "Handed in 1 day late: 2.25 points less, 20.25 in all." in text


def test_what_is_missing_or_unknown_is_told(give_back, autograder, tmp_path):
    give_back(Wanted(gradescope=True), {"jane": 0.5}, FACTS)
    said = autograder("export", tmp_path / "out", "--feedback", "pigeon")
    assert said.returncode == 2
    assert "choose from moodle, canvas, mail" in said.stderr
    (row,) = read(tmp_path / "out").rows
    (tmp_path / "out/submissions" / row.folder / "feedback.html").unlink()
    said = autograder("export", tmp_path / "out", "--feedback", "moodle")
    assert said.returncode == 0, said.stderr
    assert "Jane Doe (jane): its feedback cannot be read, `autograder feedback`" in said.stdout
