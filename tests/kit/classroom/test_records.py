"""Records that are in the folders of classes already: they are read as long as the format is."""

import msgspec

from autograder.classroom.book import records
from kit.classroom.class_of import report_of

# As it was written before a question was told as "partly".
TEST = {"test": "q1.1", "question": "q1", "title": "A check.", "weight": 3, "hidden": False,
        "reported": False, "verdict": "failed", "share": 0.0, "message": "", "details": "",
        "seconds": 0.1, "error": 0.0, "law": False, "evidence": False}  # fmt: skip
QUESTION = {"id": "q1", "message": "",
            "question": {"title": "One", "points": 20.0, "show": "score_only"},
            "outcomes": [TEST, TEST | {"test": "q1.2", "weight": 2, "share": 1.0,
                                       "verdict": "passed"}]}  # fmt: skip
EARLIER = {"questions": [QUESTION], "seed": 7, "notes": [], "message": "", "details": "",
           "seconds": 1.0, "facts": {}, "layers": [], "accuracy": None, "interrupted": False,
           "too_busy": False}  # fmt: skip


def test_an_earlier_versions_record_is_read_and_told_in_the_words_of_now():
    report = records.report_of(msgspec.msgpack.encode(EARLIER))
    assert report.points == 8
    assert report.questions[0].verdict.value == "partly"
    assert records.report_of(records.as_bytes(report)) == report


def test_no_verdict_is_kept_that_an_earlier_version_does_not_know(assignment):
    kept = msgspec.msgpack.decode(records.as_bytes(report_of(assignment, 0.5)))
    verdicts = {o["verdict"] for q in kept["questions"] for o in q["outcomes"]}
    assert verdicts == {"passed", "failed"}
