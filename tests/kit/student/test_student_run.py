"""`pytest student/`, as a student runs it: in their own process, without the kit around it."""

import os
import re
import subprocess
import sys

import pytest

from kit.student.own_copy import all_pass, handed_out, solve
from kit.workbench import PATIENCE


@pytest.fixture
def handout(tmp_path, assignment):
    return handed_out(assignment, tmp_path)


@pytest.fixture(scope="module")
def said_of_the_skeleton(assignment, tmp_path_factory):
    """What is printed of the skeleton."""
    return run(handed_out(assignment, tmp_path_factory.mktemp("skeleton")))


@pytest.fixture(scope="module")
def said_of_the_solution(assignment, tmp_path_factory):
    """What is printed of the solution, where torchvision cannot be imported."""
    folder = handed_out(assignment, tmp_path_factory.mktemp("solution"))
    solve(folder, assignment)
    (folder / "torchvision.py").write_text("raise RuntimeError('imported')")
    return run(folder)


def run(folder, *arguments, cwd=None, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | variables
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(folder), *arguments],
        cwd=cwd or folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    ).stdout


def test_the_skeleton_says_not_started(said_of_the_skeleton):
    printed = said_of_the_skeleton
    for question in range(1, 8):
        assert re.search(rf"q{question}  .*not started: (vit|train).py still raises TODO", printed)
    assert "visible checks: 0 of " in printed
    assert "Traceback" not in printed


def test_the_solution_passes_every_visible_check(said_of_the_solution):
    printed = said_of_the_solution
    assert all_pass(printed, "q3  Multi-head self-attention")
    score = re.search(r"visible checks: ([\d.]+) of ([\d.]+) points", printed)
    assert score is not None
    assert score.group(1) == score.group(2)


@pytest.fixture(scope="module")
def said_of_q3(assignment, tmp_path_factory):
    """What is printed of one question of the solution, from inside the folder."""
    folder = handed_out(assignment, tmp_path_factory.mktemp("q3"))
    solve(folder, assignment)
    return run(folder, "-k", "q3", cwd=folder)


def test_one_question_alone_from_inside_the_folder(said_of_q3):
    printed = said_of_q3
    assert "q3  " in printed
    assert "q1  " not in printed


def test_a_failed_check_teaches_and_shows_no_frame_of_ours(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    text = path.read_text().replace("permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    path.write_text(text)
    printed = run(handout, "-k", "q1")
    assert "FAIL  q1.1  Patches run left to right, then top to bottom." in printed
    assert "called    patchify(images, 2), with images = arange(4)" in printed
    assert "expected  1 at [0, 1, 0]\n          got       2" in printed
    assert "exactly the numbers that come out if the patches run down the columns first." in printed
    for ours in ("checks/", "compare.py", "AssertionError", "Traceback", "CheckFailed"):
        assert ours not in printed


def test_an_error_shows_the_students_own_line(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    path.write_text(path.read_text().replace("h, w = H // n_patches", "h, w = H // n_patch"))
    printed = run(handout, "-k", "q1")
    assert "got       NameError: name 'n_patch' is not defined" in printed
    assert re.search(r"at        vit.py, line \d+, in patchify: h, w = H // n_patch", printed)


def test_a_syntax_error_is_told_for_every_question(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    path.write_text(path.read_text().replace("def patchify(", "def patchify(("))
    printed = run(handout, "-k", "q1 or q6")
    assert "vit.py, line " in printed
    assert all_pass(printed, "q6  Training and evaluation")


def test_an_endless_loop_is_stopped(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    path.write_text(
        path.read_text().replace("    B, C, H, W = images.shape\n", "    while True: pass\n")
    )
    printed = run(handout, "-k", "q1 and dtype", "--timeout", "3")
    assert "Stopped at the limit of 3 s: your code ran too long." in printed
    assert re.search(r"at        vit.py, line \d+, in patchify: while True: pass", printed)


def test_an_earlier_question_need_not_be_done(handout, assignment):
    solve(handout, assignment)
    text = (handout / "vit.py").read_text()
    cut = text.index("        B, N, d = sequences.shape")
    (handout / "vit.py").write_text(
        text[:cut] + '        raise NotImplementedError("TODO q3")\n' + text[cut:]
    )
    printed = run(handout, "-k", "q3 or q4")
    assert all_pass(printed, "q4  The encoder block")
    assert "TODO  " in printed


def test_import_of_torchvision_is_not_needed(said_of_the_solution):
    assert re.search(r"visible checks: ([\d.]+) of \1 points", said_of_the_solution)


def test_the_last_line_says_what_to_do_next(handout, assignment, said_of_the_skeleton, said_of_q3):
    last = said_of_the_skeleton.splitlines()[-2]
    assert last.startswith("next: q1  Cut images into patches. Its checks")
    assert "next: q4  The encoder block. Its checks alone: pytest -k q4" in said_of_q3
    solve(handout, assignment)
    wrong = (handout / "vit.py").read_text().replace("math.sqrt(d_head)", "math.sqrt(d)")
    (handout / "vit.py").write_text(wrong)
    assert "next: q3  Multi-head self-attention." in run(handout, "-k", "q1 or q3")


def test_pytests_own_options_do_what_they_always_do(handout, assignment):
    solve(handout, assignment, "train.py")
    first = run(handout, "-x")
    assert "1 failed" in first
    assert "passed" not in first
    solve(handout, assignment, "vit.py")
    again = run(handout, "--lf")
    assert "1 passed" in again
    assert "q3  " not in again


def test_a_changed_test_file_is_told_and_windows_line_ends_are_no_change(handout, assignment):
    solve(handout, assignment)
    public = handout / "tests" / "test_q1_patchify.py"
    public.write_bytes(public.read_bytes().replace(b"\n", b"\r\n"))
    assert "changed or missing" not in run(handout, "-k", "q1")
    public.write_text(public.read_text().replace("@weight(2)", "@weight(200)"))
    (handout / "tests" / "test_q7_accuracy.py").unlink()
    told = "changed or missing: tests/test_q1_patchify.py, tests/test_q7_accuracy.py. Grading uses"
    assert told in run(handout, "-k", "q1")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_messages_survive_a_terminal_of_another_encoding(handout, assignment, encoding):
    solve(handout, assignment)
    path = handout / "vit.py"
    text = path.read_text().replace("10000 **", "1000 **").replace('f"{d} features', 'f"{d} \u03b8')
    path.write_text(text.replace("if d % n_heads:", "if True:"), encoding="utf-8")
    printed = run(handout, "-k", "q2 or q3", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert "visible checks:" in printed
    assert "ValueError: 8 \\u03b8 do not divide" in printed or "ValueError" in printed
