"""The grader itself: reports, results.json, and what happens when something of ours fails."""

import json
import os
import re
import shutil
from decimal import Decimal

import jsonschema
import pytest

from autograder.errors import KitError
from autograder.formats import gradescope, whole_files
from autograder.grading.report import not_run, refuse
from checks.telling.wording import Verdict
from kit.workbench import FAST, MLP, messages, proof

RESULTS = {
    "type": "object",
    "required": ["score", "tests"],
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "integer"},
        "output": {"type": "string"},
        "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_name_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
        "stdout_visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "score", "max_score", "status"],
                "properties": {
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "output": {"type": "string", "maxLength": 100_000},
                    "visibility": {
                        "enum": ["hidden", "after_due_date", "after_published", "visible"]
                    },
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def checked(report):
    """Return a report's results.json after holding it against Gradescope's format."""
    written = json.dumps(gradescope.results(report))
    content = json.loads(written)
    jsonschema.validate(content, RESULTS)
    exact = json.loads(written, parse_float=Decimal)
    points = exact["extra_data"]["questions"].values()
    assert exact["score"] == sum(question["points"] for question in points)
    assert exact["score"] == sum(test["score"] for test in exact["tests"])
    assert sum(test["max_score"] for test in exact["tests"]) == sum(
        question["max_points"] for question in points
    )
    return content


def test_results_json_has_gradescopes_format(grader, assignment):
    content = checked(grader.grade(assignment.solution, FAST, seed=4))
    assert content["score"] == 95
    assert content["extra_data"]["seed"] == 4
    assert {"torch", "python", "numpy", "autograder", "system"} <= set(content["extra_data"])
    assert content["extra_data"]["questions"]["q3"] == {
        "points": 25,
        "max_points": 25,
        "verdict": "passed",
    }


def test_every_question_stands_in_results_json_whatever_happened(assignment):
    every = list(assignment.questions)
    for report in (not_run(assignment, every, 1), refuse(assignment, every, 1, "no vit.py")):
        content = checked(report)
        assert content["score"] == 0
        assert list(content["extra_data"]["questions"]) == every
        assert sum(test["max_score"] for test in content["tests"]) == 100


def test_a_hidden_check_shows_its_title_and_no_number(grader, submission, edited):
    vit = edited("vit", "10000 ** (", "9999.0 ** (")
    content = checked(grader.grade(submission(vit=vit), ["q2"], seed=4))
    hidden = next(test for test in content["tests"] if "fifty tokens" in test["name"])
    assert hidden["score"] == 0
    assert hidden["output"] == "This is a hidden check: its title says what does not hold."


def test_the_same_seed_gives_the_same_report(grader, submission, edited):
    folder = submission(vit=edited("vit", "nn.GELU()", "nn.Tanh()"))
    first, again, other = (messages(grader.grade(folder, ["q4"], seed)) for seed in (5, 5, 6))
    assert first == again
    assert first != other or "nn.Tanh" not in first


def test_only_some_questions(grader, assignment):
    report = grader.grade(assignment.solution, ["q2", "q4"])
    assert [question.id for question in report.questions] == ["q2", "q4"]
    assert report.max_points == 30


def test_partial_credit_for_accuracy(copied, grader_of):
    text = (copied.root / "grading.yml").read_text()
    text = text.replace("epochs_at_first: 8", "epochs_at_first: 2").replace(
        "epochs: 14", "epochs: 3"
    )
    text = re.sub(r"^    (\d+): 0[\d.]+", r"    \1: 0.99", text, flags=re.MULTILINE)
    (copied.root / "grading.yml").write_text(text)
    from autograder.assignment.config import load

    kit = load(copied.root)
    report = grader_of(kit).grade(kit.solution, ["q7"], seed=2)
    mark = report.questions[0].outcomes[-1]
    assert "reads" in mark.message
    assert "All points from 99.0% on, none below 87.0%" in mark.message
    assert 0 <= mark.share < 1
    tries = report.facts["training"].split("; ")  # a short one, and two whole ones
    assert [done.split(":")[0] for done in tries] == ["2 epochs", "3 epochs", "3 epochs"]


def test_who_reaches_the_bar_in_the_short_run_is_not_trained_for_longer(grader, assignment):
    report = grader.grade(assignment.solution, ["q7"], seed=2)
    assert report.points == 5
    assert re.fullmatch(r"8 epochs: [^;]+", report.facts["training"])


SLOW_AT_FIRST = """

import time


class LightViT(LightViT):
    steps = 0

    def forward(self, images):
        self.steps += 1
        if self.steps <= 5:
            time.sleep(0.5)
        return super().forward(images)
"""


def test_a_slow_model_gets_fewer_epochs_and_a_lower_bar(limited, assignment):
    """There is no time for all epochs, not even on a machine that is three times as fast."""
    report = limited(seconds_for_training=8.0).grade(assignment.solution, ["q7"], seed=2)
    said = messages(report)
    assert "there was time for" in said
    assert "the bar is lower" in said
    assert " epochs: " in report.facts["training"]


def test_a_model_that_is_slow_while_it_is_timed_has_the_bar_of_a_quick_one(
    grader, submission, assignment
):
    vit = (assignment.solution / "vit.py").read_text() + SLOW_AT_FIRST
    report = grader.grade(submission(vit=vit), ["q7"], seed=2)
    assert "14 epochs" not in report.facts["training"]
    assert "All points from 91.5% on" in messages(report)


# --- the model that the accuracy is asked of ---------------------------------------------------

ASLEEP = """

import time


class LightViT(LightViT):
    def forward(self, images):
        time.sleep(0.3)
        return super().forward(images)
"""


def test_the_accuracy_of_a_model_that_is_no_transformer_does_not_count(
    grader, submission, assignment
):
    vit = (assignment.solution / "vit.py").read_text() + MLP
    q5, q7 = grader.grade(submission(vit=vit), ["q5", "q7"], seed=2).questions
    assert q5.share < 1 / 2
    assert q7.points == 0
    assert {outcome.verdict for outcome in q7.outcomes} == {Verdict.NOT_REACHED}
    assert (
        "counts for a model that earns at least half of q5. Yours earns" in q7.outcomes[0].message
    )


def test_a_single_mistake_in_the_model_leaves_the_accuracy_reachable(grader, submission, edited):
    last = "return self.classifier(tokens[:, -1])"
    vit = edited("vit", "return self.classifier(tokens[:, 0])", last)
    q5, q7 = grader.grade(submission(vit=vit), ["q5", "q7"], seed=2).questions
    assert 1 / 2 <= q5.share < 1
    assert q7.points == 5


def test_alone_the_accuracy_is_asked_of_any_model(grader, submission, assignment):
    vit = (assignment.solution / "vit.py").read_text() + MLP
    report = grader.grade(submission(vit=vit), ["q7"], seed=2)
    assert Verdict.NOT_REACHED not in {o.verdict for o in report.questions[0].outcomes}


@proof
def test_time_that_a_model_sleeps_lowers_no_bar(limited, submission, assignment):
    """It is trained for few epochs, since more would take too long, and held to the bar of more."""
    vit = (assignment.solution / "vit.py").read_text() + ASLEEP
    report = limited(seconds_for_training=130.0).grade(submission(vit=vit), ["q7"], seed=2)
    assert report.facts["training"].startswith("2 epochs")
    bars = assignment.settings.training.full_credit_from
    told = re.search(r"All points from (\S+)% on", messages(report))
    assert float(told[1]) / 100 > bars[2]


# --- our own side ----------------------------------------------------------------------------


def test_a_broken_test_file_is_our_fault_and_spares_the_others(copied, grader_of):
    (copied.tests / "hidden" / "test_q2_positions.py").write_text("def test_x(:\n")
    report = grader_of(copied).grade(copied.solution, ["q1", "q2"])
    assert [question.verdict.value for question in report.questions] == ["passed", "our fault"]
    assert report.max_points == 30
    assert "test_q2_positions" in report.details
    content = checked(report)
    row = content["tests"][-1]
    assert row["max_score"] == 15
    assert "The grader failed here, not you." in row["output"]


def test_a_test_that_fails_by_itself_is_our_fault(copied, grader_of):
    with (copied.tests / "hidden" / "test_q2_positions.py").open("a") as file:
        file.write('\n\ndef test_broken(vit):\n    """Something."""\n    assert 1 / 0\n')
    report = grader_of(copied).grade(copied.solution, ["q2"])
    broken = report.questions[0].outcomes[-1]
    assert broken.verdict.value == "our fault"
    assert "ZeroDivisionError" in broken.details
    assert "ZeroDivisionError" not in broken.message
    assert report.questions[0].points < 15
    checked(report)


def test_missing_hidden_digits_are_our_fault(copied, grader_of):
    shutil.rmtree(copied.tests / "data")
    report = grader_of(copied).grade(copied.solution, ["q7"])
    assert report.questions[0].verdict.value == "our fault"
    assert "t10k-images-idx3-ubyte.gz cannot be read" in report.questions[0].outcomes[-1].details


def test_a_file_that_cannot_be_written_loses_nothing(tmp_path, assignment):
    path = tmp_path / "results.json"
    whole_files.write_json({"score": 1}, path)
    with pytest.raises(KitError, match="cannot be written"):
        whole_files.write_json({"score": 2}, tmp_path / "no such folder" / "results.json")
    assert json.loads(path.read_text()) == {"score": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_nothing_is_left_running(assignment):
    from autograder.grading.grade import Grader

    with Grader(assignment) as grader:
        grader.grade(assignment.solution, ["q2"])
        pid = grader._server._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
