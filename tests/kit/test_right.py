"""Right but unusual submissions lose nothing, whatever the seed."""

import random

import pytest
from conftest import FAST, ROOT, messages
from ruamel.yaml import YAML

RIGHT = sorted(path for path in (ROOT / "tests/corpus/right").iterdir() if path.is_dir())
EDITS = YAML(typ="safe").load((ROOT / "tests/corpus/right.yml").read_text(encoding="utf-8"))
# Those whose training differs from the reference's: other initialisations, norms, heads of slices.
TRAINED = [
    "35_big_library_style",
    "37_head_slices_no_loop_batch",
    "38_cached_table_zero_head",
]


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.name)
def test_a_right_submission_earns_everything(grader, path):
    seed = random.randrange(10**6)
    report = grader.grade(path, FAST, seed)
    lost = [
        f"{outcome.test}  {outcome.title}\n{outcome.message}\n{outcome.details}"
        for question in report.questions
        for outcome in question.outcomes
        if outcome.share < 1
    ]
    assert not lost, f"with --seed {seed}:\n" + "\n".join(lost)
    assert report.points == 95


@pytest.mark.parametrize("name", TRAINED)
def test_a_right_submission_reads_digits(grader, name):
    report = grader.grade(ROOT / "tests/corpus/right" / name, ["q7"], seed=5)
    assert report.points == 5, messages(report)


@pytest.mark.parametrize("right", EDITS, ids=lambda right: right["right"])
def test_a_right_edit_of_the_solution_costs_nothing(grader, submission, edited, right):
    name = right["file"].removesuffix(".py")
    changed = edited(name, right["replace"], right["by"])
    report = grader.grade(submission(**{name: changed}), FAST, random.randrange(10**6))
    assert report.points == 95, f"with --seed {report.seed}:\n{messages(report)}"


def test_there_are_enough_of_them():
    assert len(RIGHT) >= 30
