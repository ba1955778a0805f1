"""The accuracy bars: what is fitted, what is resumed, and what is told when a bar is too high."""

import json
import random

import pytest

from autograder.grading.report import not_run
from autograder.proof import calibrate, promises
from autograder.proof.calibrate import Run, Runs
from kit.workbench import with_settings


def drawn(mean=3.0, sd=0.1, n=30, seed=1):
    """Draw accuracies whose log-odds are normal."""
    chance = random.Random(seed)
    odds = [chance.gauss(mean, sd) for _ in range(n)]
    return {i: 1 / (1 + 2.718281828**-x) for i, x in enumerate(odds)}


def test_more_tries_and_less_spread_allow_a_higher_bar():
    run = Run("x", 20, "", drawn())
    one, two = calibrate.fit(run, 0.9).bar, calibrate.fit(run, 0.9, tries=2).bar
    narrow = calibrate.fit(Run("x", 20, "", drawn(sd=0.05)), 0.9).bar
    assert one < two < min(run.accuracy.values())
    assert one < narrow


def test_the_bar_is_missed_as_seldom_as_is_said(monkeypatch):
    """With a chance of one in a hundred instead of a million, it can be counted."""
    monkeypatch.setattr(calibrate, "UNJUST", 0.01)
    missed = 0
    for seed in range(400):
        *known, new = drawn(n=31, seed=seed).values()
        missed += new < calibrate.fit(Run("x", 20, "", dict(enumerate(known))), 0.0).bar
    assert missed <= 12  # of 400, where 4 are expected


def test_what_falls_below_is_bounded_without_an_assumption():
    run = Run("x", 20, "", drawn())
    assert calibrate.fit(run, 0.0).at_most == pytest.approx(1 - 0.05 ** (1 / 30))
    worst = calibrate.fit(run, 1.0)
    assert (worst.below, worst.at_most) == (30, 1.0)


def test_a_distribution_with_a_tail_is_told():
    tailed = {**drawn(), 30: 0.5, 31: 0.4}
    assert calibrate.fit(Run("x", 20, "", tailed), 0.9).normality < 1e-3
    assert calibrate.fit(Run("x", 20, "", drawn()), 0.9).normality > 0.05


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, assignment, monkeypatch):
    """Only what is missing is trained; what was trained with other code counts no more."""
    trained = []

    class FakePool:
        def __init__(self, kit):
            self.kit = kit

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def grade(self, jobs):
            for job in jobs:
                trained.append((job.name, self.kit.settings.training.epochs, job.seed))
                report = not_run(assignment, ["q7"], job.seed)
                yield (
                    job,
                    report.__class__(report.questions, job.seed, accuracy=0.9 + job.seed / 100),
                )

    monkeypatch.setattr(calibrate, "Pool", FakePool)
    monkeypatch.setattr(calibrate.corpus, "variants", lambda _: [])
    training = assignment.settings.training.model_copy(
        update={"epochs": 20, "full_credit_from": {20: 0.9}}
    )
    kit = with_settings(assignment, training=training)
    file = tmp_path / "calibration.json"
    calibrate.measure(kit, 2, Runs(file), lambda *_: None)
    calibrate.measure(kit, 4, Runs(file), lambda *_: None)
    assert trained == [("the solution", 20, seed) for seed in range(4)]
    content = json.loads(file.read_text())
    content["runs"][0]["digest"] = "of other code"
    file.write_text(json.dumps(content))
    calibrate.measure(kit, 1, Runs(file), lambda *_: None)
    assert len(trained) == 5
    (run,) = Runs(file)
    assert list(run.accuracy) == [0]


def test_a_bar_that_is_too_high_breaks_the_promise(assignment):
    assert promises.bars_can_be_reached(assignment).kept
    training = assignment.settings.training
    bars = {**training.full_credit_from, 14: 0.96, 4: 0.3}
    high = with_settings(
        assignment, training=training.model_copy(update={"full_credit_from": bars})
    )
    promise = promises.bars_can_be_reached(high)
    assert not promise.kept
    said = "; ".join(promise.problems)
    assert "the bar for 14 epochs is 0.96, above the 0.931" in said
    assert "the bar for 4 epochs has fewer than 30 runs behind it" in said


def test_the_same_runs_make_the_same_figure(assignment, tmp_path):
    runs = list(Runs(assignment.root / calibrate.FILE))
    calibrate.draw(assignment, runs, tmp_path / "figure.svg")
    committed = (assignment.root / calibrate.FIGURE).read_text()
    assert (tmp_path / "figure.svg").read_text() == committed
