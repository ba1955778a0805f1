"""The accuracy run beside other ways to train: what is said of it is what was measured."""

import pytest

from autograder.proof import corpus, frontier
from autograder.proof.calibrate import FEWEST_SEEDS, FILE, REFERENCE, Run, Runs
from autograder.proof.frontier import Way
from kit.workbench import with_settings


@pytest.fixture(scope="module")
def told(assignment):
    return frontier.told(assignment)


def test_the_run_that_is_graded_costs_half_of_the_earlier_one_and_tells_no_less(told):
    before, graded = told[0], next(row for row in told if row.way.chosen)
    assert graded.reference <= before.reference / 2
    assert graded.median <= before.median / 2
    assert graded.unjust <= before.unjust <= frontier.calibrate.UNJUST
    assert graded.apart >= before.apart


def test_every_right_submission_and_every_wrong_model_has_its_runs(assignment):
    training = assignment.settings.training
    right = list(Runs(assignment.root / FILE))
    for epochs in (training.epochs, training.epochs_at_first):
        enough = [r for r in right if r.epochs == epochs and len(r.accuracy) >= FEWEST_SEEDS]
        assert len(enough) >= 5
        broken = {r.variant for r in Runs(assignment.root / frontier.BROKEN) if r.epochs == epochs}
        assert broken == {model.wrong for model in corpus.trains(assignment)}


def test_a_file_that_misses_the_short_run_pays_for_both():
    runs = [run("quick", 8, 0.95), run("quick", 14, 0.96), run("slow", 8, 0.85),
            run("slow", 14, 0.96), run(REFERENCE, 8, 0.95), run(REFERENCE, 14, 0.96),
            run("wrong", 8, 0.85), run("wrong", 14, 0.9)]  # fmt: skip
    row = frontier._told(
        Way("both", 8, 14, bar=0.92), frontier._by_name(runs), {"wrong"}, {"wrong"}
    )
    assert row.reference == pytest.approx(8, abs=0.01)
    assert row.worst == pytest.approx(22, abs=0.01)
    assert row.apart == 1


def test_one_lucky_short_run_is_enough_for_a_wrong_model_not_to_be_told_apart():
    runs = [run(REFERENCE, 8, 0.95), run(REFERENCE, 14, 0.96),
            Run("wrong", 8, "", {0: 0.93, 1: 0.85}), Run("wrong", 14, "", {0: 0.9, 1: 0.9})]  # fmt: skip
    row = frontier._told(
        Way("both", 8, 14, bar=0.92), frontier._by_name(runs), {"wrong"}, {"wrong"}
    )
    assert row.apart == 0.5


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        ({"full_credit_from": {10: 0.9}, "epochs": 10}, 2),  # nothing was trained for so long
        ({"full_credit_from": {14: 0.4}}, 4),  # an easy bar
        ({"epochs_at_first": 0}, 5),
        ({"full_credit_from": {14: 0.9, 20: 0.95}}, 4),  # a bar of more than is ever trained
    ],
)
def test_another_run_is_told_as_far_as_it_was_measured(assignment, changed, left):
    training = assignment.settings.training.model_copy(update=changed)
    rows = frontier.told(with_settings(assignment, training=training))
    assert len(rows) == left


def test_as_many_ways_as_there_are_bars_can_be_drawn(told, tmp_path):
    frontier.draw([*told, *told], tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size


def run(name, epochs, accuracy):
    """Make a run of thirty seeds that hardly differ."""
    return Run(name, epochs, "", {seed: accuracy + seed * 1e-5 for seed in range(30)})


def test_the_same_runs_make_the_same_figure(assignment, told, tmp_path):
    frontier.draw(told, tmp_path / "figure.svg")
    committed = (assignment.root / frontier.FIGURE).read_text()
    assert (tmp_path / "figure.svg").read_text() == committed
