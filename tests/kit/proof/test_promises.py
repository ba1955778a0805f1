"""The promises of `autograder check`, and that each can be broken."""

import shutil
from types import SimpleNamespace

import pytest

from autograder.handout import editions, skeleton
from autograder.isolation.remote import Call
from autograder.proof import promises
from autograder.proof.quality import Quality
from checks.beside import stand_ins
from kit.workbench import FAST, proof


@proof
def test_all_promises_hold(assignment):
    found = list(promises.promises(assignment))
    assert [promise.number for promise in found] == list(range(1, 15))
    assert all(promise.kept for promise in found), [p.problems for p in found if not p.kept]


def test_the_promises_that_need_no_corpus_hold(assignment, grader):
    """Of the others, each is broken below or in test_quality.py, test_leaks.py, test_calibrate.py."""
    calls = []
    found = [
        promises.generated(assignment),
        promises.no_solution_line(assignment),
        promises.skeleton_earns_nothing(grader, FAST),
        promises.solution_earns_everything(grader, FAST, calls.append),
        promises.tests_and_questions(assignment),
        promises.no_blind_spot(assignment, calls),
        promises.tolerances_are_far(assignment, Quality((), ())),
        promises.bars_can_be_reached(assignment),
    ]
    assert [promise.number for promise in found] == [1, 2, 3, 4, 6, 9, 10, 11]
    assert all(promise.kept for promise in found), [p.problems for p in found if not p.kept]


def test_a_changed_student_file_is_named_with_its_line(copied):
    path = copied.student / "vit.py"
    path.write_text(path.read_text().replace("import math", "import maths"))
    promise = promises.generated(copied)
    assert not promise.kept
    assert promise.problems == ("student/vit.py, line 10: `import maths` should be `import math`",)


def test_a_missing_and_a_stray_file_are_named(copied):
    (copied.student / "train.py").unlink()
    (copied.student / "old.py").write_text("")
    assert skeleton.differences(copied) == [
        "student/old.py: is not generated any more",
        "student/train.py: is missing",
    ]
    assert set(skeleton.write(copied)) == {"student/old.py", "student/train.py"}
    assert skeleton.differences(copied) == []


def test_a_solution_line_in_the_handout_is_found(copied):
    with (copied.student / "README.md").open("a") as readme:
        readme.write("\n    grid = images.reshape(B, C, n_patches, h, n_patches, w)\n")
        readme.write("    side_by_side = gathered.transpose(1, 2).reshape(B, N, d)\n")
    promise = promises.no_solution_line(copied)
    assert not promise.kept
    assert "side_by_side" in promise.problems[0]


def test_a_solution_line_in_the_notebook_is_found(copied):
    solved = editions.notebook(copied, solved=True)
    (copied.student / "assignment.ipynb").write_text(solved)
    promise = promises.no_solution_line(copied)
    assert any("student/assignment.ipynb" in p and "side_by_side" in p for p in promise.problems)


def test_a_skeleton_that_gives_something_away_is_found(copied, grader_of):
    (copied.student / "vit.py").write_bytes((copied.solution / "vit.py").read_bytes())
    promise = promises.skeleton_earns_nothing(grader_of(copied), ["q1", "q2"])
    assert not promise.kept
    assert "q1 earns 15" in promise.problems[0]


def test_a_solution_that_loses_a_mark_is_found(copied, grader_of):
    path = copied.solution / "vit.py"
    path.write_text(path.read_text().replace("10000 **", "1000 **"))
    promise = promises.solution_earns_everything(grader_of(copied), ["q2"])
    assert not promise.kept
    assert "q2.1" in promise.problems[0]


@pytest.mark.parametrize("folder", ["student/tests", "tests/hidden"])
def test_a_question_without_a_visible_test_is_found(copied, folder):
    (copied.root / folder / "test_q7_accuracy.py").unlink()
    assert promises.tests_and_questions(copied).kept is (folder == "tests/hidden")


def test_a_stand_in_that_solves_a_question_breaks_a_promise(
    grader, assignment, tmp_path, monkeypatch
):
    shutil.copytree(stand_ins.FOLDER, tmp_path / "stand_ins")
    monkeypatch.setattr(stand_ins, "FOLDER", tmp_path / "stand_ins")
    assert promises.nothing_received_earns(grader, ["q1", "q3"], []).kept
    shutil.copy(assignment.solution / "vit.py", tmp_path / "stand_ins" / "patchify.py")
    promise = promises.nothing_received_earns(grader, ["q1", "q3"], [])
    assert not promise.kept
    assert "stand-in patchify: 15 points of q1" in promise.problems


def test_a_text_that_a_test_sends_is_looked_at_as_well(grader, assignment):
    text = (assignment.solution / "vit.py").read_text()
    sent = Call("MyMSA(8, 2)", "measure", (), {"source": [text]})
    promise = promises.nothing_received_earns(grader, ["q1"], [sent])
    assert any("15 points of q1" in problem for problem in promise.problems)


def test_slow_promises_tell_how_far_they_are(assignment):
    told = {}

    def on_progress(done, total, what):
        told.setdefault(what, []).append((done, total))

    nothing = SimpleNamespace(questions=[], wrong=[])
    grader = SimpleNamespace(assignment=assignment, grade=lambda *_: nothing)
    promises.nothing_received_earns(grader, [], [], on_progress)
    list(promises._telling_reports(grader, nothing, on_progress))
    assert len(told) == 2
    for steps in told.values():
        assert steps == [(n, len(steps)) for n in range(1, len(steps) + 1)]
