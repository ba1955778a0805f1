"""Attempts on Gradescope: counted as of the moment of handing in, and never for our faults."""

from datetime import datetime, timedelta, timezone

import jsonschema
import pytest

from autograder.assignment.config import AttemptSettings, Show, load
from autograder.grading.report import not_run, refuse
from autograder.platforms.inside import attempts
from autograder.platforms.inside.attempts import LEDGER, Metadata, count, read_metadata
from autograder.platforms.inside.on_gradescope import judged, refused
from kit.workbench import schema, with_settings

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=-8), "PST"))
LIMIT = AttemptSettings(per="24h", at_most=2)
SCHEMA = schema("gradescope")


def hours(n):
    return NOON - timedelta(hours=n)


def previous(n, **facts):
    return {"submission_time": hours(n).isoformat(), "score": "50.0", **facts}


def metadata(*earlier, at=NOON):
    return Metadata.model_validate({
        "id": 1, "created_at": at.isoformat(), "previous_submissions": list(earlier),
        "assignment": {"due_date": hours(-100).isoformat(), "total_points": "100.0"},
        "users": [{"name": "A"}],
    })  # fmt: skip


def ledger(*times):
    return {"results": {"score": 50.0, "extra_data": {LEDGER: [t.isoformat() for t in times]}}}


@pytest.fixture
def limited_kit(assignment):
    """limited_kit(show=...) allows two attempts in a day."""

    def make(show=Show.SCORE_ONLY):
        asked = assignment.settings.gradescope.model_copy(update={"attempts": LIMIT})
        shown = {n: q.model_copy(update={"show": show}) for n, q in assignment.questions.items()}
        return with_settings(assignment, gradescope=asked, questions=shown)

    return make


@pytest.mark.parametrize(
    ("earlier", "counted", "next_at"),
    [
        ([], 0, None),
        ([previous(30), previous(25)], 0, None),
        ([previous(23)], 1, None),
        ([previous(23), previous(1)], 2, hours(-1)),
        ([previous(23), previous(5), previous(1)], 3, hours(-19)),
        ([previous(23, autograder_error=True), previous(1)], 1, None),
        # The newest results have the times that counted: what failed by our fault is not among them.
        ([previous(23), previous(5), previous(1, **ledger(hours(23)))], 1, None),
        ([previous(23), previous(1, **ledger(hours(23), hours(1)))], 2, hours(-1)),
        # One without results came after it, and is still being graded.
        ([previous(5, **ledger(hours(5))), previous(1)], 2, hours(-19)),
        # Of another kit, or damaged: then every submission without an error counts.
        ([previous(2), previous(1, results={"score": 3})], 2, hours(-22)),
        ([previous(1, results={"extra_data": {LEDGER: ["yesterday"]}})], 1, None),
        ([previous(1, results={"extra_data": None})], 1, None),
        # Handed in later than the one that is graded, again, now.
        ([previous(-1), previous(-2), previous(1)], 1, None),
    ],
)
def test_attempts_are_counted(earlier, counted, next_at):
    found = count(metadata(*earlier), LIMIT)
    assert len(found.counted) == counted
    assert found.next_at == next_at


def refusal(given):
    standing = count(given, LIMIT)
    return refused(standing, standing.next_at)


def test_a_refused_attempt_keeps_the_score_and_tells_the_next_time():
    kept = {"score": 83.5, "tests": [{"name": "q1", "score": 15.0}], "output": "old"}
    earlier = [previous(23), previous(1, results=kept)]
    content = refusal(metadata(*earlier))
    jsonschema.validate(content, SCHEMA)
    assert content["score"] == 83.5
    assert content["tests"] == kept["tests"]
    assert content["output"] == (
        "Not graded: 2 attempts in 24h are allowed, and all of them are used. The next one is "
        "possible from Sunday 22 November 2026, 13:00 (UTC-08:00) on. Your earlier score, 83.5, is kept."
    )
    # A refused attempt costs nothing: the next one sees the same two.
    after = metadata(*earlier, previous(0.5, results=content))
    assert len(count(after, LIMIT).counted) == 2


def test_a_refusal_without_earlier_results_keeps_the_score_at_least():
    content = refusal(metadata(previous(2), previous(1)))
    jsonschema.validate(content, SCHEMA)
    assert content["score"] == 50.0


def test_an_attempt_is_counted_and_told(limited_kit):
    kit = limited_kit()
    given = metadata(previous(3))
    report = refuse(kit, ["q1"], 0, "There is no vit.py.")
    content = judged(kit, report, given, count(given, LIMIT))
    jsonschema.validate(content, SCHEMA)
    assert "This is attempt 2 of 2 in 24h." in content["output"]
    assert content["extra_data"][LEDGER] == [hours(3).isoformat(), NOON.isoformat()]


def test_our_fault_costs_no_attempt(limited_kit):
    kit = limited_kit()
    given = metadata(previous(3))
    content = judged(kit, not_run(kit, ["q1"], 0), given, count(given, LIMIT))
    assert "This attempt is not counted." in content["output"]
    assert content["extra_data"][LEDGER] == [hours(3).isoformat()]


def test_what_is_shown_later_is_told_with_its_date(limited_kit):
    kit = limited_kit(Show.AFTER_DUE_DATE)
    content = judged(kit, not_run(kit, ["q1"], 0), metadata(), None)
    due = "Thursday 26 November 2026, 16:00 (UTC-08:00)"
    assert f"are shown after the due date, {due}." in content["output"]
    content = judged(kit, not_run(kit, ["q1"], 0), None, None)
    assert "are shown after the due date." in content["output"]


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "{", '{"created_at": "soon"}', "\x00"])
def test_metadata_that_cannot_be_read_stops_nothing(tmp_path, text):
    path = tmp_path / "submission_metadata.json"
    if text is not None:
        path.write_text(text)
    assert read_metadata(path) is None


def test_a_teacher_is_told_that_attempts_were_not_counted(limited_kit, assignment):
    for kit, told in ((limited_kit(), True), (assignment, False)):
        extra = judged(kit, not_run(kit, ["q1"], 0), None, None)["extra_data"]
        assert ("attempts not counted" in extra) is told


def test_the_window_can_be_minutes_hours_or_days():
    windows = [AttemptSettings(per=per, at_most=1).window for per in ("30m", "24h", "7d")]
    assert windows == [timedelta(minutes=30), timedelta(hours=24), timedelta(days=7)]


def test_the_mark_sheet_has_attempts(copied):
    sheet = copied.root / "grading.yml"
    commented = "  # attempts: {per: 24h, at_most: 5}"
    assert commented in sheet.read_text()
    sheet.write_text(sheet.read_text().replace(commented, "  attempts: {per: 24h, at_most: 5}"))
    assert load(copied.root).settings.gradescope.attempts == AttemptSettings(per="24h", at_most=5)
    assert attempts.ledger(()) == {LEDGER: []}
