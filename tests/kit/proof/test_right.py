"""Right but unusual submissions also train. That they lose nothing is promise 5 of the check."""

import pytest

from autograder.proof import corpus
from kit.workbench import ROOT, messages, with_settings

# Those whose training differs from the reference's: other initialisations, norms, heads of slices.
TRAINED = [
    "35_big_library_style",
    "37_head_slices_no_loop_batch",
    "38_cached_table_zero_head",
]


@pytest.mark.parametrize("name", TRAINED)
def test_a_right_submission_reads_digits(assignment, grader_of, name):
    # Five epochs are as good as twenty to see that a file trains; their bar is calibrated as well.
    shorter = assignment.settings.training.model_copy(update={"epochs": 5})
    trains = grader_of(with_settings(assignment, training=shorter))
    report = trains.grade(ROOT / "tests/corpus/right" / name, ["q7"], seed=5)
    assert report.points == 5, messages(report)


def test_there_are_enough_of_them(assignment):
    assert len(corpus.right_files(assignment)) >= 60
    assert len(corpus.variants(assignment)) >= 24
