"""`python -m checks.show`: what a student's code does, drawn beside what was expected."""

import re
import shutil
import subprocess
import sys

import pytest
import torch
from matplotlib.figure import Figure

from autograder.assignment.digits import read_digits
from autograder.proof import corpus
from checks.code.loading import Submission
from checks.show import main, show, views
from kit.workbench import PATIENCE, proof

PNG = b"\x89PNG\r\n"
QUESTIONS = ["q1", "q2", "q3", "q5"]  # those with a picture


@pytest.fixture
def shown(tmp_path, capsys):
    """shown("q1", folder) is the status of the command, what it printed, and its picture's file."""

    def run(question, folder):
        out = tmp_path / "drawn" / f"{question}.png"
        status = main([question, "--out", str(out)], folder=folder)
        return status, capsys.readouterr().out, out

    return run


@pytest.fixture
def mistaken(tmp_path, assignment):
    """mistaken("P04") is a folder with the solution and this mistake, and its question."""

    def lay_out(name):
        slip = next(slip for slip in corpus.slips(assignment) if slip.id == name)
        return corpus.lay_out([slip], assignment, tmp_path / name), slip.costs

    return lay_out


def in_proof(*values):
    """Leave this one to `make prove`: each search for the cause takes seconds."""
    return pytest.param(*values, marks=proof)


def view_of(folder, question):
    return views.VIEWS[question](Submission({"vit": folder / "vit.py"}).module("vit"))


def crosses(picture):
    """Count the crosses in a picture."""
    lines = [line for axes in picture.axes for line in axes.lines if line.get_marker() == "x"]
    return sum(len(line.get_xdata()) for line in lines)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_solution_is_as_expected(question, shown, assignment):
    status, text, out = shown(question, assignment.solution)
    assert status == 0
    assert "are as expected" in text
    assert f"saved: {out}" in text
    assert out.read_bytes().startswith(PNG)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_crossed_where_nothing_differs(question, assignment):
    view = view_of(assignment.solution, question)
    assert view.same
    assert crosses(view.picture) == 0


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("P01", "16 patches"),  # only reshaped
        ("P04", "16 patches"),  # columns first
        ("P05", "16 patches"),  # columns first inside a patch
        ("E02", "272 numbers"),  # cosines use their own column number
        ("E05", "272 numbers"),  # sine and cosine swapped
        ("A01", "98 attention weights"),  # no scaling
        ("A06", "98 attention weights"),  # softmax over the queries
        in_proof("A09", "98 attention weights"),  # heads by reshape
        in_proof("A17", "98 attention weights"),  # a causal mask
        in_proof("A19b", "98 attention weights"),  # no softmax
        in_proof("A20", "98 attention weights"),  # scaled after the softmax
        ("V06", "272 cells"),  # the class token behind
    ],
)
def test_what_differs_is_crossed_and_counted(name, what, mistaken):
    view = view_of(*mistaken(name))
    count = int(re.search(rf"(\d+) of {what}.* differ", view.said)[1])
    assert not view.same
    assert crosses(view.picture) == count > 0
    assert view.said[:40] in view.picture.get_suptitle()


@pytest.mark.parametrize("name", ["A01", *map(in_proof, ("A06", "A09", "A17")), "V06"])
def test_a_known_mistake_is_named(name, mistaken, shown, assignment):
    folder, question = mistaken(name)
    slip = next(slip for slip in corpus.slips(assignment) if slip.id == name)
    status, text, _ = shown(question, folder)
    assert status == 0  # it was drawn; that it differs is no error of the command
    assert any(sentence in text for sentence in slip.says)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("E14", "the shape is (1, 17, 16) instead of (17, 16)"),
        ("E15", "the shape is (17, 1, 16) instead of (17, 16)"),
        ("E16", "the dtype is torch.float64 instead of torch.float32"),
    ],
)
def test_a_table_of_another_kind_is_told(name, said, mistaken):
    view = view_of(*mistaken(name))
    assert said in view.said
    assert not view.same


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("P16", "got       one of shape (1, 16, 1, 7, 7)"),
        ("E16b", "got       a numpy.ndarray of shape (17, 16)"),
        ("A22", "got       one of shape (3, 2, 7, 7)"),
        ("A16", "use nn.ModuleList"),
        ("A31", "at        vit.py, line"),
    ],
)
def test_what_cannot_be_drawn_is_told_as_in_the_tests(name, said, mistaken, shown):
    status, text, out = shown(*reversed(mistaken(name)))
    assert (status, out.exists()) == (1, False)
    assert said in text
    assert "Traceback" not in text


def test_weights_that_no_known_mistake_gives_are_judged_by_their_rows(mistaken):
    view = view_of(*mistaken("A30"))  # dropout also in evaluation
    assert re.search(r"[1-9]\d* of 14 rows do not sum to 1", view.said)
    assert not view.same


@pytest.mark.parametrize(
    "name",
    [
        "01_tutorial_loops",
        "04_interleaved_heads_complex",
        "10_heads_on_last_axis",
        "14_batch_loop_reversed",
        "33_broadcast_sum_attention",
        "52_conv1d_complex",
    ],
)
def test_unusual_attention_is_seen(name, assignment, shown):
    status, text, _ = shown("q3", assignment.tests / "corpus" / "right" / name)
    assert status == 0
    assert "all 98 attention weights are as expected. Its result is right." in text


def test_attention_that_cannot_be_seen_is_told_in_words(assignment, shown):
    folder = assignment.tests / "corpus" / "right" / "13_own_everything"
    status, text, out = shown("q3", folder)
    assert "no attention weights of shape (N, N) could be seen. Its result is right." in text
    assert (status, out.exists()) == (0, False)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_skeleton_is_not_started(question, assignment, shown):
    status, text, out = shown(question, assignment.student)
    assert (status, out.exists()) == (1, False)
    assert text.startswith(f"{question}  not started: vit.py still raises TODO {question}")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "There is no vit.py among your files."),
        ("", "vit.py is empty"),
        ("def patchify(images, n_patches:\n", "vit.py, line 1: "),
        ("x = 1\n", "vit.py has no `patchify`."),
        ("def patchify(images):\n    return images\n", "keep the arguments as the skeleton"),
        ("def patchify(images, n_patches):\n    return 1 / 0\n", "got       ZeroDivisionError"),
        ("def patchify(images, n_patches):\n    exit()\n", "got       SystemExit"),
        ("def patchify(images, n_patches):\n    pass\n", "Is there a `return`?"),
    ],
)
def test_a_file_that_fails_has_its_message(source, said, tmp_path, shown):
    folder = tmp_path / "handed in"
    folder.mkdir()
    if source is not None:
        (folder / "vit.py").write_text(source, encoding="utf-8")
    status, text, _ = shown("q1", folder)
    assert status == 1
    assert said.lower() in text.lower()


@pytest.mark.parametrize("question", ["q4", "q6", "q7"])
def test_a_question_without_a_picture_says_where_to_look(question, assignment, shown):
    status, text, out = shown(question, assignment.student)
    assert (status, out.exists()) == (0, False)
    assert re.search("`p[^`]+`", text)  # a command


def test_a_question_that_nobody_has_drawn_says_so(assignment, shown, monkeypatch):
    monkeypatch.setattr("checks.show.questions", lambda: ("q1", "q8"))
    status, text, out = shown("q8", assignment.student)
    assert (status, out.exists()) == (0, False)
    assert text == "q8  There is no picture of it. Those with one: q1, q2, q3, q5.\n"


def test_a_file_that_cannot_be_written_is_told(assignment, tmp_path, capsys):
    (tmp_path / "pictures").write_text("a file, no folder")
    out = tmp_path / "pictures" / "q2.png"
    assert main(["q2", "--out", str(out)], folder=assignment.solution) == 1
    assert "cannot be written" in capsys.readouterr().out


def test_a_notebook_gets_a_picture_that_shows_itself(assignment, capsys):
    state = torch.random.get_rng_state()
    picture = show("q5", assignment.solution / "vit.py")
    assert isinstance(picture, Figure)
    content, described = picture._repr_png_()
    assert content.startswith(PNG)
    assert described["alt"].startswith("q5  LightViT: all ")  # what a screen reader says
    assert torch.equal(torch.random.get_rng_state(), state)
    assert "are as expected" in capsys.readouterr().out


def test_only_a_digit_that_students_have_is_shown(assignment):
    public, _ = read_digits(assignment.student / "data", "t10k")
    assert torch.equal((views.read_digit() * 255).round().byte(), public[views.FIVE])


def test_the_command_works_in_a_folder_with_spaces_and_accents(assignment, tmp_path):
    folder = tmp_path / "Übung 1, à faire"
    ignored = shutil.ignore_patterns("__pycache__", "figures", "*-ubyte")
    shutil.copytree(assignment.student, folder, ignore=ignored)
    shutil.copyfile(assignment.solution / "vit.py", folder / "vit.py")
    command = [sys.executable, "-m", "checks.show"]
    options = {
        "cwd": folder,
        "capture_output": True,
        "text": True,
        "check": False,
        "timeout": PATIENCE,
    }
    run = subprocess.run([*command, "q1"], **options)
    assert (run.returncode, run.stderr) == (0, "")
    assert (folder / "pictures" / "q1.png").read_bytes().startswith(PNG)
    told = subprocess.run([*command, "--help"], **options)
    assert "python -m checks.show q1" in told.stdout
    assert all(f"q{n}" in told.stdout for n in range(1, 8))


def test_matplotlib_is_imported_only_to_draw(assignment):
    code = "import sys, checks, checks.show; print({'matplotlib', 'torchvision'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], cwd=assignment.tests, capture_output=True,
                           text=True, check=True, timeout=PATIENCE)  # fmt: skip
    assert found.stdout.strip() == "set()"
