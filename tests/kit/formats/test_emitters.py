"""What a report becomes for each platform: valid by its schema, whole, and no more than may be seen."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import jsonschema
import pytest

from autograder.assignment.config import GradescopeSettings, Question, Rows, Show
from autograder.formats import emitters, gradescope
from autograder.formats.whole_files import as_json
from autograder.grading.report import QuestionResult, Report, not_run
from autograder.platforms.inside.otter_cases import cases
from checks.telling.outcome import Outcome
from checks.telling.plain import plain
from checks.telling.wording import Verdict
from kit.workbench import schema

SECRET = "expected  0.123"
HOSTILE = "<script>alert(1)</script> ]]> & \\x1b[2J"


def outcome(number, weight=1, hidden=False, share=1.0, verdict=None, message=""):
    verdict = verdict or (Verdict.PASSED if share == 1 else Verdict.FAILED)
    return Outcome(
        test=f"q1.{number}", question="q1", title=f"Test {number}", weight=weight, hidden=hidden,
        reported=False, verdict=verdict, message=message, share=share if verdict is Verdict.PASSED
        or share < 1 else 0.0,
    )  # fmt: skip


@pytest.fixture
def report():
    """report(show, points=...) has one question: a passed, a failed, a hidden and a partial test."""

    def make(show=Show.SCORE_ONLY, points=10):
        outcomes = (
            outcome(1, weight=3),
            outcome(2, weight=3, share=0.0, message=HOSTILE),
            outcome(3, weight=3, hidden=True, share=0.0, message=SECRET),
            outcome(4, weight=4, hidden=True, share=0.37),
        )
        question = QuestionResult("q1", Question(title="One", points=points, show=show), outcomes)
        return Report((question,), seed=1, notes=("a note",), accuracy=0.9642, seconds=2.5)

    return make


BY_HAND = [
    (Show.VISIBLE, 4, True),
    (Show.SCORE_ONLY, 4, False),
    (Show.AFTER_DUE_DATE, 2, False),
    (Show.HIDDEN, 2, False),
]


@pytest.mark.parametrize(("show", "count", "tells"), BY_HAND)
def test_junit_lists_what_may_be_seen(report, show, count, tells):
    text = emitters.junit(report(show))
    suite = ElementTree.fromstring(text).find("testsuite")
    assert suite.get("tests") == str(count) == str(len(suite.findall("testcase")))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    assert suite.find("testcase/failure").text == HOSTILE
    assert (SECRET.encode() in text) is tells


def test_junit_tells_our_fault_apart(report):
    broken = replace(report().questions[0], outcomes=(outcome(1, verdict=Verdict.OUR_FAULT),))
    suite = ElementTree.fromstring(emitters.junit(Report((broken,), 0))).find("testsuite")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    assert suite.find("testcase/error").get("type") == "our fault"


def test_junit_can_be_read_whatever_a_student_prints(report):
    """U+FFFF, for one, is no character, and cannot stand in XML at all."""
    for start in range(0, 0x110000, 0x800):
        said = plain("".join(map(chr, range(start, start + 0x800))), most=10_000)
        made = replace(report().questions[0], outcomes=(outcome(1, share=0.0, message=said),))
        suite = ElementTree.fromstring(emitters.junit(Report((made,), 0))).find("testsuite")
        assert suite.find("testcase/failure").text.split() == said.split()


def test_junit_tells_what_was_not_run_as_our_fault(assignment):
    suites = ElementTree.fromstring(emitters.junit(not_run(assignment, ["q1", "q2"], 1)))
    assert [(s.get("errors"), s.get("failures")) for s in suites] == [("1", "0")] * 2


@pytest.mark.parametrize(("show", "count", "tells"), BY_HAND)
def test_prairielearn_gets_a_share_and_what_may_be_seen(report, show, count, tells):
    content = emitters.prairielearn(report(show))
    jsonschema.validate(content, schema("prairielearn"))
    assert content["gradable"]
    assert content["score"] == pytest.approx((3 + 4 * 0.37) / 13, abs=1e-4)
    assert len(content["tests"]) == count
    assert (SECRET in json.dumps(content)) is tells


def test_prairielearn_is_told_what_cannot_be_graded(report):
    content = emitters.prairielearn(replace(report(), message="There is no vit.py."))
    jsonschema.validate(content, schema("prairielearn"))
    assert content == {"gradable": False, "score": 0.0, "format_errors": ["There is no vit.py."]}


def test_prairielearn_counts_no_attempt_of_a_file_that_holds_no_code(report):
    said = "vit.py, line 1: invalid syntax."
    broken = [outcome(n, share=0.0, verdict=Verdict.NOT_REACHED, message=m)
              for n, m in ((1, said), (2, "Not reached: q1.1 fails first."))]  # fmt: skip
    made = replace(report().questions[0], outcomes=tuple(broken))
    content = emitters.prairielearn(Report((made,), 0))
    assert content == {"gradable": False, "score": 0.0, "format_errors": [said]}


def test_prairielearn_keeps_the_points_of_a_grading_that_was_cut_short(report):
    content = emitters.prairielearn(replace(report(), message="Cut short.", interrupted=True))
    assert content["gradable"]
    assert content["message"].startswith("Cut short.\n")
    nothing = replace(report(points=0), message="Cut short.", interrupted=True)
    assert emitters.prairielearn(nothing)["format_errors"] == ["Cut short."]


@pytest.mark.parametrize(("show", "listed"), [(Show.SCORE_ONLY, True), (Show.HIDDEN, False)])
def test_prairielearn_says_that_checks_count_which_it_does_not_list(report, show, listed):
    message = emitters.prairielearn(report(show))["message"]
    assert ("Hidden checks of q1 count in the score" in message) is not listed


def test_prairielearn_reads_results_however_much_there_is_to_say(report):
    long = replace(report().questions[0].outcomes[1], message="é" * 2_000_000)
    made = replace(report().questions[0], outcomes=(outcome(1), long))
    content = emitters.prairielearn(Report((made,), 0))
    jsonschema.validate(content, schema("prairielearn"))
    assert len(as_json(content)) < 1 << 20
    assert content["tests"][1]["message"].endswith("(cut here: it was too long)")


def test_autolab_gets_one_line(report):
    line = emitters.autolab(report())
    assert "\n" not in line
    content = json.loads(line)
    jsonschema.validate(content, schema("autolab"))
    assert content == {"scores": {"q1": report().points}, "scoreboard": [report().points, 96.42]}


@pytest.mark.parametrize("rows", Rows)
@pytest.mark.parametrize("show", Show)
def test_gradescope_gets_every_point_and_shows_what_may_be_seen(report, rows, show):
    made = report(show)
    content = gradescope.results(made, GradescopeSettings(rows=rows))
    jsonschema.validate(content, schema("gradescope"))
    tests = content["tests"]
    assert sum(row["max_score"] for row in tests) == pytest.approx(10, abs=1e-9)
    assert sum(row["score"] for row in tests) == pytest.approx(made.points, abs=1e-9)
    seen = json.dumps([row for row in tests if row["visibility"] == "visible"])
    assert (SECRET in seen) is (show is Show.VISIBLE)
    assert "Test 1" in seen
    mixed = show in (Show.AFTER_DUE_DATE, Show.AFTER_PUBLISHED, Show.HIDDEN)
    assert len(tests) == (4 if rows is Rows.TEST else 1 + mixed)
    assert {row["visibility"] for row in tests} == (
        {"visible", show.value} if mixed else {"visible"}
    )
    assert "leaderboard" not in content


def test_the_leaderboard_is_there_when_asked_for(report):
    asked = GradescopeSettings(leaderboard=True)
    content = gradescope.results(report(), asked)
    jsonschema.validate(content, schema("gradescope"))
    assert content["leaderboard"] == [{"name": "Accuracy (%)", "value": 96.42, "order": "desc"}]
    assert "leaderboard" not in gradescope.results(replace(report(), accuracy=None), asked)


@pytest.mark.parametrize("points", [10, 15, 7.5, 1, 0, 33.3333])
def test_otter_gets_cases_that_add_up_to_the_last_digit(report, points):
    question = report(points=points).questions[0]
    found = cases(question)
    assert round(sum(c["points"] for c in found if c["won"]), 5) == question.points
    assert round(sum(c["points"] for c in found), 5) == points
    assert all(c["points"] >= 0 for c in found)
    assert len({c["name"] for c in found}) == len(found)


def test_grade_writes_for_every_platform_and_its_status_tells(autograder, tmp_path):
    files = {name: tmp_path / name for name in ("junit", "prairielearn")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    told = autograder("grade", "student", "--only", "q1", "--autolab", "--all-or-1", *options)
    assert told.returncode == 1
    assert json.loads(told.stdout.splitlines()[-1]) == {"scores": {"q1": 0.0}, "scoreboard": [0.0]}
    assert ElementTree.parse(files["junit"]).getroot().tag == "testsuites"
    assert json.loads(files["prairielearn"].read_text())["score"] == 0
    assert autograder("grade", "solution", "--only", "q2", "--all-or-1").returncode == 0


def test_what_a_platform_prints_holds_nothing_that_is_kept_back(
    autograder, tmp_path, edited, submission
):
    folder = submission(vit=edited("vit", "10000 **", "1000 **"))
    for option, told in (("--autolab", False), ("--strict", True)):
        output = autograder("grade", folder, "--only", "q2", "--seed", 3, option).stdout
        hidden = output.split("(hidden)")[1]
        assert ("expected" in hidden) is told
