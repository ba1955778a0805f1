"""Right but unusual submissions lose nothing, and train."""

import pytest

from autograder.grading.pool import Pool
from autograder.proof import corpus, quality
from kit.workbench import ROOT, messages, proof, with_settings

# Those whose training differs from the reference's: other initialisations, norms, heads of slices.
TRAINED = [
    "35_big_library_style",
    pytest.param("37_head_slices_no_loop_batch", marks=proof),
    pytest.param("38_cached_table_zero_head", marks=proof),
]
SEEDS = (101, 102)  # a third one is that of promise 5


@pytest.mark.parametrize("name", TRAINED)
def test_a_right_submission_reads_digits(assignment, grader_of, name):
    # Five epochs are as good as twenty to see that a file trains; their bar is calibrated as well.
    shorter = assignment.settings.training.model_copy(update={"epochs": 5})
    trains = grader_of(with_settings(assignment, training=shorter))
    report = trains.grade(ROOT / "tests/corpus/right" / name, ["q7"], seed=5)
    assert report.points == 5, messages(report)


@proof
@pytest.mark.parametrize("seed", SEEDS)
def test_no_right_submission_loses_a_mark(assignment, tmp_path, seed):
    with Pool(assignment) as graders:
        reports = [(job.name, report) for job, report
                   in graders.grade(quality.right_jobs(assignment, tmp_path, [seed]))]  # fmt: skip
    assert len(reports) == len(corpus.right_files(assignment)) + len(corpus.variants(assignment))
    assert [(name, messages(report)) for name, report in reports if report.points < 95] == []


def test_there_are_enough_of_them(assignment):
    assert len(corpus.right_files(assignment)) >= 60
    assert len(corpus.variants(assignment)) >= 24
