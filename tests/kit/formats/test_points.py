"""Points as they are written: they add up to the last digit, whatever points and weights there are."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment.config import GradescopeSettings, Question, Rows, Show
from autograder.formats import emitters, gradescope
from autograder.grading.report import QuestionResult, Report
from autograder.platforms.inside.otter_cases import cases
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

POINTS = st.one_of(
    st.integers(0, 200).map(float),
    st.decimals(0, 200, places=2).map(float),
    st.decimals(0, 1, places=6).map(float),
)
WEIGHTS = st.lists(st.integers(0, 12), min_size=1, max_size=30).filter(any)
SHARES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


def question_of(name, points, tests):
    """Return a question with a test for each weight, share and whether it is hidden."""
    outcomes = tuple(
        Outcome(
            test=f"{name}.{n}", question=name, title=f"Test {n}", weight=weight, hidden=hidden,
            reported=False, verdict=Verdict.PASSED if share == 1 else Verdict.FAILED, share=share,
        )
        for n, (weight, share, hidden) in enumerate(tests, 1)
    )  # fmt: skip
    sheet = Question(title=name, points=points, show=Show.AFTER_DUE_DATE)
    return QuestionResult(name, sheet, outcomes)


@st.composite
def reports(draw, shares=SHARES):
    questions = []
    for n in range(1, draw(st.integers(1, 4)) + 1):
        weights = draw(WEIGHTS)
        tests = [(weight, draw(shares), draw(st.booleans())) for weight in weights]
        questions.append(question_of(f"q{n}", draw(POINTS), tests))
    return Report(tuple(questions), seed=0)


def written(report, rows=Rows.TEST):
    """Return results.json as a platform reads it, its numbers as they are written."""
    content = gradescope.results(report, GradescopeSettings(rows=rows))
    return json.loads(json.dumps(content), parse_float=Decimal)


def of_question(content, name):
    return [row for row in content["tests"] if row["name"].split()[0].split(".")[0] == name]


@given(report=reports(), rows=st.sampled_from(Rows))
def test_rows_add_up_to_questions_and_these_to_all(report, rows):
    content = written(report, rows)
    total = sum(Decimal(str(question.question.points)) for question in report.questions)
    assert (
        sum(row["max_score"] for row in content["tests"])
        == total
        == Decimal(str(report.max_points))
    )
    assert sum(row["score"] for row in content["tests"]) == content["score"]
    for question in report.questions:
        own = of_question(content, question.id)
        told = content["extra_data"]["questions"][question.id]
        assert sum(row["max_score"] for row in own) == told["max_points"]
        assert sum(row["score"] for row in own) == told["points"]
    assert all(0 <= row["score"] <= row["max_score"] for row in content["tests"])


@given(report=reports(st.just(1.0)))
def test_whose_every_test_is_passed_has_all_points_in_every_row(report):
    content = written(report)
    assert all(row["score"] == row["max_score"] for row in content["tests"])
    assert content["score"] == Decimal(str(report.max_points))


@given(points=POINTS.filter(bool), weights=WEIGHTS)
def test_more_weight_is_never_worth_less_and_no_weight_nothing(points, weights):
    question = question_of("q1", points, [(weight, 1.0, False) for weight in weights])
    most = [row["max_score"] for row in written(Report((question,), 0))["tests"]]
    by_weight = sorted(zip(weights, most))
    for (less, earns), (more, earns_more) in pairwise(by_weight):
        assert earns <= earns_more or less == more
    for weight, each in by_weight:
        assert (each > 0) is (weight > 0)
        assert abs(float(each) - points * weight / sum(weights)) < 1e-4


@given(points=POINTS, weight=st.integers(1, 9), others=WEIGHTS, low=SHARES, high=SHARES)
def test_a_larger_share_earns_no_less_and_a_part_never_all(points, weight, others, low, high):
    low, high = sorted((low, high))
    rest = [(other, 0.0, False) for other in others]
    earned = [
        question_of("q1", points, [(weight, share, False), *rest]).points for share in (low, high)
    ]
    assert earned[0] <= earned[1]
    if points and high < 1 - 1e-6:
        assert earned[1] < question_of("q1", points, [(weight, 1.0, False), *rest]).points


@given(report=reports())
def test_other_platforms_get_the_same_numbers(report):
    content = written(report)
    line = json.loads(emitters.autolab(report), parse_float=Decimal)
    assert sum(line["scores"].values()) == line["scoreboard"][0] == content["score"]
    for question in report.questions:
        found = cases(question)
        assert sum(Decimal(str(case["points"])) for case in found) == Decimal(
            str(question.question.points)
        )
        won = sum(Decimal(str(case["points"])) for case in found if case["won"])
        assert won == Decimal(str(question.points))
    told = [(test["points"], test["max_points"]) for test in emitters.prairielearn(report)["tests"]]
    seen = [row for row in content["tests"] if row["visibility"] == "visible"]
    assert told == [(float(row["score"]), float(row["max_score"])) for row in seen]


@pytest.mark.parametrize(
    ("points", "weights", "most"),
    [
        (17, [1, 1, 1], ["5.6667", "5.6667", "5.6666"]),  # the last units go to the first
        (15, [1, 2, 3, 4], ["1.5", "3.0", "4.5", "6.0"]),  # what comes out even stays
        (0.0002, [1, 1, 1], ["0.00007", "0.00007", "0.00006"]),  # nobody is left with nothing
        (1.00001, [1, 3], ["0.25", "0.75001"]),
        (0, [1, 1], ["0.0", "0.0"]),
        (5, [0, 0], ["0.0", "0.0"]),  # `autograder check` says that these cannot be earned
    ],
)
def test_points_are_shared_out(points, weights, most):
    question = question_of("q1", points, [(weight, 1.0, False) for weight in weights])
    told = [row["max_score"] for row in written(Report((question,), 0))["tests"]]
    assert told == [Decimal(each) for each in most]
