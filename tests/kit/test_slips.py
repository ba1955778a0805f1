"""Known slips, each one edit of the solution: they cost their own question, and name themselves."""

from collections import Counter

import pytest
from conftest import FAST, ROOT, messages

from autograder.config import load
from autograder.corpus import lay_out_slip, slips
from autograder.leaks import leaks
from autograder.selfcheck import TELLING_SEED

SLIPS = slips(load(ROOT))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.slip)
def test_a_slip_costs_its_own_question_and_names_itself(grader, assignment, tmp_path, slip):
    lay_out_slip(slip, assignment, tmp_path)
    report = grader.grade(tmp_path, FAST, TELLING_SEED)
    assert not report.our_fault
    assert [question.id for question in report.questions if question.share < 1] == [slip.costs]
    assert slip.says in messages(report)
    assert leaks(report, assignment) == []


def test_every_question_has_three_slips_that_name_themselves():
    named = Counter(slip.costs for slip in SLIPS if slip.says)
    assert all(named[question] >= 3 for question in FAST)


def test_a_different_mistake_gets_no_wrong_name(grader, submission, edited):
    vit = edited("vit", "/ math.sqrt(d_head)", "/ (math.sqrt(d_head) + 0.3)")
    text = messages(grader.grade(submission(vit=vit), ["q3"], seed=3))
    assert "other numbers, whichever of your weights" in text
    assert "These are exactly" not in text
