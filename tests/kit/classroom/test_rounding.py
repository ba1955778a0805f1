"""Marks are rounded once, after everything else, and the score stays beside them."""

import csv
from datetime import datetime, timedelta, timezone

import pytest

from autograder.assignment.config import load
from autograder.assignment.points import rounded
from autograder.assignment.provenance import suite_digest
from autograder.classroom.book.ledger import Decided
from autograder.classroom.handing_on import delivery, late
from autograder.classroom.handing_on.delivery import Wanted
from autograder.classroom.handing_on.late import Policy
from autograder.errors import ConfigError
from kit.classroom.class_of import graded_class, report_of

DUE = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
DECIDED = Decided("q1", "7.3", "why", "me", 7.3, 7.5, 7.5, "anna")


@pytest.mark.parametrize(("points", "step", "mark"), [
    (22.24, 0.5, 22.0), (22.25, 0.5, 22.5), (22.75, 0.5, 23.0), (22.4, 1, 22.0), (22.5, 1, 23.0),
    (0.1 + 0.2, 0.1, 0.3), (29.9, 4, 29.7), (29.7, 0.5, 29.7), (0.0, 0.5, 0.0), (22.2222, 0, 22.2222),
])  # fmt: skip
def test_to_the_nearest_step_halves_up_and_full_points_stay_full(points, step, mark):
    most = max(29.7, points) if points == 29.7 else 29.7
    assert rounded(min(points, most), step, most) == mark


def test_rounded_once_after_decisions_and_late_days(tmp_path, assignment):
    out, into = tmp_path / "out", tmp_path / "exports"
    facts = {"round": 0.5, "handed_in": DUE + timedelta(hours=1)}
    batch = graded_class(out, assignment, {"anna": report_of(assignment, 0.45)}, anna=facts)
    assert (batch.rows[0].score, batch.rows[0].mark) == (21.75, 22.0)
    (one,) = late.marks(batch.rows, Policy(DUE, 10))
    assert one.penalty == 2.175
    assert one.final == 19.5  # of 19.575; of the rounded score it would be 20
    template = tmp_path / "canvas.csv"
    template.write_text("Student,ID,SIS User ID,Marks\n    Points Possible,,,30\nanna,1,,\n")
    wanted = Wanted(canvas=template, gradescope=True, column="Marks")
    said = list(delivery.write(assignment, out, into, wanted, None))
    assert "Marks are rounded to multiples of 0.5, after everything else." in said
    assert "anna,1,,22\n" in (into / "canvas.csv").read_text()
    with (into / "gradescope.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["Total Score"], line["Mark"]) == ("21.75", "22")


def test_the_score_and_the_step_are_shown_beside_the_mark(tmp_path, assignment):
    report, facts = report_of(assignment, 0.45), {"round": 0.5, "folder": "anna"}
    graded_class(tmp_path, assignment, {"anna": report}, anna=facts)
    with (tmp_path / "grades.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["score"], line["mark"]) == ("21.75", "22")
    said = (tmp_path / "submissions/anna/feedback.txt").read_text()
    assert "Your mark: 22, 21.75 rounded to a multiple of 0.5." in said
    page = (tmp_path / "submissions/anna/feedback.html").read_text()
    assert "Mark: <strong>22</strong>, 21.75 rounded to a multiple of 0.5." in page
    assert "rounded to multiples of 0.5" in (tmp_path / "report.html").read_text()


def test_without_rounding_nothing_is_said_of_it(tmp_path, assignment):
    facts = {"decided": (DECIDED,), "folder": "anna"}
    graded_class(tmp_path, assignment, {"anna": report_of(assignment, 0.5)}, anna=facts)
    assert "mark" not in (tmp_path / "grades.csv").read_text().splitlines()[0]
    assert "rounded" not in (tmp_path / "report.html").read_text()
    assert "rounded" not in (tmp_path / "submissions/anna/feedback.txt").read_text()


def test_it_stands_in_the_mark_sheet_and_makes_nobody_graded_anew(copied):
    sheet = copied.root / "grading.yml"
    before = suite_digest(copied)
    sheet.write_text(sheet.read_text() + "round: 0.5  # half points\n")
    kit = load(copied.root)
    assert kit.settings.round == 0.5
    assert suite_digest(kit) == before


@pytest.mark.parametrize("value", ["0", "-1", "half", "true", "50"])
def test_a_step_that_is_none_is_told_with_its_line(copied, value):
    sheet = copied.root / "grading.yml"
    sheet.write_text(f"round: {value}\n" + sheet.read_text())
    with pytest.raises(ConfigError) as told:
        load(copied.root)
    assert told.value.where == "grading.yml, line 1"
    assert "`round`" in told.value.what
