"""What is said of a question: a fault of ours first, then what its points say, then its tests."""

from dataclasses import replace

import pytest

from autograder.assignment.config import Question, Rows
from autograder.classroom.report.page import TONES
from autograder.formats.gradescope import rows
from autograder.formats.seen import NOT_SHOWN
from autograder.grading.report import QuestionResult
from checks.telling.outcome import Outcome
from checks.telling.summary import WORDS, summary
from checks.telling.wording import Verdict

PASSED = Outcome("q1.1", "q1", "A check.", 1, False, False, Verdict.PASSED, share=1.0)
FAILED = replace(PASSED, verdict=Verdict.FAILED, share=0.0)
PART = replace(FAILED, share=0.44)
NOT_REACHED = replace(FAILED, verdict=Verdict.NOT_REACHED)
NOT_STARTED = replace(FAILED, verdict=Verdict.NOT_STARTED)
OURS = replace(FAILED, verdict=Verdict.OUR_FAULT)
FREE = replace(FAILED, weight=0)


def question(*outcomes, points=20.0):
    numbered = tuple(replace(o, test=f"q1.{n}") for n, o in enumerate(outcomes, 1))
    return QuestionResult("q1", Question(title="One", points=points), numbered)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([PASSED, PASSED], "passed"),
        ([PASSED, FAILED], "partly"),
        ([PASSED, NOT_REACHED], "partly"),
        ([PASSED, NOT_STARTED], "partly"),
        ([PART], "partly"),
        ([PART, FAILED], "partly"),
        ([FAILED, FAILED], "failed"),
        ([FAILED, NOT_REACHED], "failed"),
        ([FAILED, NOT_STARTED], "failed"),
        ([NOT_REACHED, NOT_REACHED], "not reached"),
        ([NOT_STARTED, NOT_STARTED], "not started"),
        ([PASSED, OURS], "our fault"),
        ([PART, OURS], "our fault"),
        ([NOT_STARTED, OURS], "our fault"),
        ([], "our fault"),
        ([PASSED, FREE], "passed"),  # what has no weight costs nothing
    ],
)
def test_a_question_is_told_by_its_points(outcomes, verdict):
    assert question(*outcomes).verdict.value == verdict


@pytest.mark.parametrize(
    ("outcomes", "verdict"), [([PASSED, PASSED], "passed"), ([PASSED, FAILED], "failed")]
)
def test_a_question_without_points_is_told_by_its_tests(outcomes, verdict):
    assert question(*outcomes, points=0.0).verdict.value == verdict


def test_a_check_that_gives_a_part_is_told_so_and_gradescope_calls_it_failed():
    passed, part, failed = rows(question(PASSED, PART, FAILED), Rows.TEST)
    assert [row["status"] for row in (passed, part, failed)] == ["passed", "failed", "failed"]
    told = [row["extra_data"]["verdict"] for row in (passed, part, failed)]
    assert told == ["passed", "partly", "failed"]
    assert part["score"] > 0
    (together,) = rows(question(PASSED, PART, FAILED), Rows.QUESTION)
    assert (together["status"], together["extra_data"]["verdict"]) == ("failed", "partly")


def test_a_student_reads_of_the_part():
    lines = "\n".join(summary([PASSED, replace(PART, message="Nearly.")], {"q1": {"title": "One"}}))
    assert "    PART  q1.1  A check.\n          Nearly." in lines


def test_every_verdict_has_its_words_and_its_tone():
    assert set(WORDS) == set(Verdict) - {Verdict.PASSED}
    assert set(TONES) == {verdict.value for verdict in Verdict} | {NOT_SHOWN}
