"""The same seed replays a grading exactly, whatever was handed in, on a machine however busy."""

from dataclasses import replace

import pytest

from autograder.grading.grade import Grader
from autograder.proof import promises
from kit.workbench import messages, with_settings

WRONG = (
    "def patchify(images, n_patches):\n    return images.reshape(len(images), n_patches**2, -1)\n"
)
RAISING = (
    "class Grid:\n    pass\n\n\n"
    "def patchify(images, n_patches):\n    raise ValueError(f'no patches in {Grid()}')\n"
)
HANGING = (
    "import time\n\n\ndef patchify(images, n_patches):\n"
    "    time.sleep(0.3)\n    time.sleep(10**6)\n"
)
AT_IMPORT = "while True: pass\n"
SOMETIMES = (
    "import torch\n\n\ndef patchify(images, n_patches):\n    return torch.rand(1, 4, 4) * 9\n"
)


@pytest.fixture(scope="module")
def graders(assignment):
    """Two graders that have nothing in common: other processes, other addresses in them."""
    limits = assignment.settings.limits.model_copy(update={"seconds_per_test": 2.0})
    kit = with_settings(assignment, limits=limits)
    with Grader(kit) as one, Grader(kit) as other:
        yield one, other


@pytest.mark.parametrize(
    ("vit", "said"),
    [
        (None, ""),
        (WRONG, "differ"),
        (RAISING, "Grid object at 0x..."),
        (HANGING, "Stopped at the limit of 2 s"),
        (AT_IMPORT, "was stopped after running too long while it was being loaded"),
        (SOMETIMES, "expected"),
    ],
    ids=["right", "wrong", "raising", "hanging", "hanging at import", "drawing"],
)
def test_one_seed_gives_the_same_points_and_messages(graders, submission, assignment, vit, said):
    folder = submission(vit=vit or (assignment.solution / "vit.py").read_text())
    one, other = (grader.grade(folder, ["q1", "q2"], seed=11) for grader in graders)
    assert promises.differences(one, other) == []
    assert messages(one) == messages(other)
    assert [q.points for q in one.questions] == [q.points for q in other.questions]
    assert said in messages(one)
    assert {report.seed for report in (one, other)} == {11}


def test_what_differs_is_named(grader, submission):
    report = grader.grade(submission(vit=WRONG), ["q1"], seed=11)
    (question,) = report.questions
    first, second, *others = question.outcomes
    changed = (replace(first, message="another"), replace(second, share=0.5), *others[1:])
    spoiled = replace(report, questions=(replace(question, outcomes=changed),))
    found = promises.differences(report, spoiled)
    assert len(found) == 3
    assert found[0].startswith(f"{first.test}  {first.title}: with seed 11 twice, the message was ")
    assert found[0].endswith(", then 'another'")
    assert f"the share was {second.share}, then 0.5" in found[1]
    assert found[2].startswith(f"{others[0].test}  is in one of two runs")


def test_a_solution_that_is_judged_in_two_ways_breaks_the_promise(grader, monkeypatch):
    grade, said = Grader.grade, iter(["drawn 1", "drawn 2"])

    def restless(self, *arguments, **more):
        report = grade(self, *arguments, **more)
        (question,) = report.questions
        first, *others = question.outcomes
        outcomes = (replace(first, message=next(said)), *others)
        return replace(report, questions=(replace(question, outcomes=outcomes),))

    monkeypatch.setattr(Grader, "grade", restless)
    promise = promises.solution_earns_everything(grader, ["q1"])
    assert not promise.kept
    (problem,) = promise.problems
    assert problem.startswith("q1.1  ")
    assert problem.endswith("the message was 'drawn 1', then 'drawn 2'")
