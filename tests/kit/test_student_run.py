"""`pytest student/`, as a student runs it: in their own process, without the kit around it."""

import os
import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def handout(tmp_path, assignment):
    """A student's copy of student/, in a folder with a space and an accent in its name."""
    folder = tmp_path / "my élève" / "student"
    ignore = shutil.ignore_patterns("__pycache__", "*-ubyte", ".pytest_cache")
    shutil.copytree(assignment.student, folder, ignore=ignore)
    return folder


def run(folder, *arguments, cwd=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(folder), *arguments],
        cwd=cwd or folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    ).stdout


def solve(handout, assignment, *files):
    for name in files or ("vit.py", "train.py"):
        shutil.copy(assignment.solution / name, handout / name)


def test_the_skeleton_says_not_started(handout):
    printed = run(handout)
    for question in range(1, 8):
        assert re.search(rf"q{question}  .*not started: (vit|train).py still raises TODO", printed)
    assert "visible checks: 0 of " in printed
    assert "Traceback" not in printed


def test_the_solution_passes_every_visible_check(handout, assignment):
    solve(handout, assignment)
    printed = run(handout)
    assert re.search(r"q3  Multi-head self-attention\s+4 of 4 visible checks pass", printed)
    score = re.search(r"visible checks: ([\d.]+) of ([\d.]+) points", printed)
    assert score is not None
    assert score.group(1) == score.group(2)


def test_one_question_alone_from_inside_the_folder(handout, assignment):
    solve(handout, assignment)
    printed = run(handout, "-k", "q3", cwd=handout)
    assert "q3  " in printed
    assert "q1  " not in printed


def test_a_failed_check_teaches_and_shows_no_frame_of_ours(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    text = path.read_text().replace("permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    path.write_text(text)
    printed = run(handout, "-k", "q1")
    assert "FAIL  Patches run left to right, then top to bottom." in printed
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
    printed = run(handout)
    assert "vit.py, line " in printed
    assert re.search(r"q6  Training and evaluation\s+3 of 3 visible checks pass", printed)


def test_an_endless_loop_is_stopped(handout, assignment):
    solve(handout, assignment)
    path = handout / "vit.py"
    path.write_text(
        path.read_text().replace("    B, C, H, W = images.shape\n", "    while True: pass\n")
    )
    printed = run(handout, "-k", "q1 and dtype", "--timeout", "3")
    assert re.search(r"Stopped after \d s: your code ran too long.", printed)
    assert re.search(r"at        vit.py, line \d+, in patchify: while True: pass", printed)


def test_an_earlier_question_need_not_be_done(handout, assignment):
    solve(handout, assignment)
    text = (handout / "vit.py").read_text()
    cut = text.index("        B, N, d = sequences.shape")
    (handout / "vit.py").write_text(
        text[:cut] + '        raise NotImplementedError("TODO q3")\n' + text[cut:]
    )
    printed = run(handout, "-k", "q3 or q4")
    assert re.search(r"q4  The encoder block\s+3 of 3 visible checks pass", printed)
    assert "TODO  " in printed


def test_import_of_torchvision_is_not_needed(handout, assignment):
    solve(handout, assignment)
    (handout / "torchvision.py").write_text("raise RuntimeError('imported')")
    assert re.search(r"visible checks: ([\d.]+) of \1 points", run(handout))
