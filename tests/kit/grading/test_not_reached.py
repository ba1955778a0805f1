"""A check fails for its own law only: what it builds on is told in its place."""

import io

import pytest
from rich.console import Console

from autograder.formats import gradescope
from autograder.formats.text import show
from autograder.grading import suite
from checks.telling.outcome import Outcome, said_once
from checks.telling.summary import summary
from checks.telling.wording import Verdict


def by_number(report):
    return {outcome.test: outcome for q in report.questions for outcome in q.outcomes}


def test_what_builds_on_a_failing_check_is_not_reached(grader, submission, edited):
    vit = edited("vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    outcomes = by_number(grader.grade(submission(vit=vit), ["q1"]))
    assert outcomes["q1.1"].verdict is Verdict.FAILED
    for number in ("q1.2", "q1.7", "q1.8", "q1.9"):
        assert outcomes[number].verdict is Verdict.NOT_REACHED
        assert outcomes[number].message == "Not reached: q1.1 fails first."
        assert "numbers differ" in outcomes[number].details  # in full, for instructors
        assert outcomes[number].claim == "not reached"
    assert outcomes["q1.10"].verdict is Verdict.PASSED  # gradients: it builds on it, and holds


def test_a_check_whose_own_law_fails_keeps_its_title(grader, submission, edited):
    vit = edited("vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 3, 5, 1)")
    failed, *others = [
        o for o in by_number(grader.grade(submission(vit=vit), ["q1"])).values() if o.share < 1
    ]
    assert (failed.test, failed.verdict) == ("q1.2", Verdict.FAILED)
    assert failed.claim == failed.title
    assert {o.verdict for o in others} == {Verdict.NOT_REACHED}


def test_students_read_not_reached_instead_of_a_title(grader, submission, edited):
    vit = edited("vit", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    (question,) = grader.grade(submission(vit=vit), ["q1"]).questions
    rows = {row["number"]: row for row in gradescope.rows(question, gradescope.PLAIN.rows)}
    assert rows["1.7"]["name"] == "q1.7  not reached"
    assert rows["1.7"]["output"] == "Not reached: q1.1 fails first."


def test_a_sentence_about_a_file_stands_once(grader, submission):
    report = grader.grade(submission(vit="def f(:\n"), ["q1", "q3"])
    first, *others = by_number(report).values()
    assert "vit.py, line 1" in first.message
    assert {other.message for other in others} == {"Not reached: q1.1 fails first."}
    assert all(outcome.verdict is Verdict.NOT_REACHED for outcome in (first, *others))
    assert said_once(report.questions[0].outcomes) == first.message


def test_a_printed_report_says_not_reached_once(grader, submission):
    printed = io.StringIO()
    show(grader.grade(submission(vit="def f(:\n"), ["q1", "q3"]), Console(file=printed, width=200))
    assert "\nq3  Not reached: q1.1 fails first.\n" in printed.getvalue()
    assert "q1  not reached: vit.py, line 1" in printed.getvalue()


def test_a_check_that_counts_beside_others_only_claims_no_title(grader, submission):
    report = grader.grade(
        submission(vit="def patchify(images, n_patches):\n    return images\n"), ["q1"]
    )
    left_alone = by_number(report)["q1.12"]
    assert (left_alone.share, left_alone.verdict) == (0, Verdict.NOT_REACHED)


def test_what_is_no_tensor_is_told_once_in_grading_and_costs_what_it_did(grader, submission):
    vit = "def patchify(images, n_patches):\n    return None\n"
    (question,) = grader.grade(submission(vit=vit), ["q1"]).questions
    told = [o for o in question.outcomes if "expected  a torch.Tensor" in o.message]
    assert [o.test for o in told] == ["q1.1"]
    assert "Is there a `return`?" in told[0].message
    later = [o for o in question.outcomes if o.message == "Not reached: q1.1 fails first."]
    assert any(o.hidden for o in later)
    assert all(o.verdict is Verdict.NOT_REACHED and o.share == 0 for o in later)
    assert question.points == 0


def test_one_exception_in_visible_checks_is_told_once(grader, submission, edited):
    vit = edited("vit", "h, w = H // n_patches", "h, w = H // n_patch")
    (question,) = grader.grade(submission(vit=vit), ["q1"]).questions
    first, *others = question.outcomes
    assert "NameError: name 'n_patch' is not defined" in first.message
    assert {o.message for o in others} == {"Not reached: q1.1 fails first."}
    assert question.points == 0


def test_one_exception_in_hidden_checks_is_told_by_each(grader, submission, edited):
    """What it says is the student's choice: whether two say the same would tell of the inputs."""
    head = "B, C, H, W = images.shape\n"
    vit = edited("vit", head, f"{head}    assert H * W < 37 or not images.any()\n")
    (question,) = grader.grade(submission(vit=vit), ["q1"]).questions
    failed = [o for o in question.outcomes if o.share < 1]
    assert len(failed) > 1
    assert all(o.hidden and o.verdict is Verdict.FAILED for o in failed)
    assert all("AssertionError: (what it says is not shown" in o.message for o in failed)


@pytest.fixture(scope="module")
def items(assignment):
    """The suite's tests, by question and function, in the order in which they run."""
    collected = []

    class Collector(suite.Grading):
        def pytest_collection_finish(self, session):
            super().pytest_collection_finish(session)
            collected.extend(session.items)

    suite.run(assignment, Collector(None, None), list(assignment.questions), options=["--co"])
    return [
        (item.path.name[5:7], item.name, item.get_closest_marker("builds_on")) for item in collected
    ]


def test_checks_build_on_earlier_ones_of_their_question(items):
    before = set()
    for question, name, marker in items:
        for built_on in marker.args if marker else ():
            assert (question, built_on) in before, f"{name} builds on {built_on}"
        assert (question, name) not in before, "two checks of a question have one name"
        before.add((question, name))


def test_a_question_that_passes_with_a_word_is_no_failure():
    earned = Outcome(
        "q7.1", "q7", "It reads digits.", 1, False, False, Verdict.PASSED, 1.0, "0.97 read"
    )
    printed = "\n".join(summary([earned], {}))
    assert "1 of 1 visible checks pass" in printed
    assert "0 of 1" not in printed
