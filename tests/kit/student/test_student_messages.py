"""What `pytest student/` says of typical mishaps: once, with the remedy, and with what comes next."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from checks.code.loading import Submission
from checks.show import main
from checks.telling.failures import Mismatch, StudentError, student_error
from checks.telling.names import names_of_last_line
from checks.telling.wording import explain, make_a_tensor
from checks.words.compare import expect_error, expect_tensor
from kit.student.own_copy import all_pass
from kit.student.test_student_run import handed_out, run, solve


@pytest.fixture
def handout(tmp_path, assignment):
    """A student's folder with the solution in it."""
    folder = handed_out(assignment, tmp_path)
    solve(folder, assignment)
    return folder


def edit(handout, file, old, new):
    text = (handout / file).read_text()
    assert old in text
    (handout / file).write_text(text.replace(old, new))


# --- files -----------------------------------------------------------------------------------


def test_a_file_of_another_name_is_named_once(handout, capsys):
    (handout / "vit.py").rename(handout / "my_vit.py")
    (handout / "network.py").write_text("class MyMSA: pass")  # what it defines tells it
    (handout / "plots.py").write_text("def draw(): pass")
    printed = run(handout, "-k", "q1 or q3 or q6")
    said = (
        "There is no vit.py among your files. Is it my_vit.py or network.py? Rename it: names are"
    )
    assert printed.count(said) == 1
    assert printed.count("Not reached: q1.1 fails first.") == 1  # of q3
    assert all_pass(printed)  # train.py needs no vit.py
    assert "grader failed" not in printed
    assert main(["q1"], folder=handout) == 1
    assert said in capsys.readouterr().out


def test_a_missing_train_py_is_told_once(handout):
    (handout / "train.py").unlink()
    printed = run(handout, "-k", "q6")
    assert printed.count("There is no train.py among your files.") == 1
    assert "grader failed" not in printed


def test_a_folder_in_place_of_a_file_is_told(handout, capsys):
    (handout / "vit.py").unlink()
    (handout / "vit.py").mkdir()
    said = "vit.py is a folder: put your code into a file of that name."
    assert run(handout, "-k", "q1").count(said) == 1
    assert main(["q1"], folder=handout) == 1
    assert said in capsys.readouterr().out


def test_a_file_that_may_not_be_read_is_told(handout, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)  # chmod stops no administrator
    with pytest.raises(StudentError) as caught:
        Submission({"vit": handout / "vit.py"}).module("vit")
    assert caught.value.text.startswith("vit.py cannot be opened (Permission denied)")
    assert caught.value.is_of_the_file


# --- one cause, told once --------------------------------------------------------------------


def test_an_error_that_stops_every_check_is_told_once(handout):
    edit(handout, "vit.py", "h, w = H // n_patches", "h, w = H // n_patch")
    printed = run(handout, "-k", "q1")
    assert printed.count("NameError: name 'n_patch' is not defined") == 1
    assert "    ----  q1.2, q1.3, q1.4, q1.5, q1.6  Not reached: q1.1 fails first." in printed


def test_errors_at_other_lines_are_told_each(handout):
    edit(handout, "train.py", "    model.train()\n", "    model.train(); wrong_1\n")
    edit(handout, "train.py", "    model.eval()\n", "    model.eval(); wrong_2\n")
    printed = run(handout, "-k", "q6")
    assert printed.count("NameError: name 'wrong_1'") == 1
    assert printed.count("NameError: name 'wrong_2'") == 1


@pytest.mark.parametrize(
    ("returned", "got", "remedy"),
    [
        ("{}; return None", "None", "Is there a `return`?"),
        ("return {}.numpy()", "a numpy.ndarray of shape", "Compute with torch from start to end."),
        ("return list({})", "a list of 1 item", "torch.stack(...) makes one tensor of a list"),
        ("return {},", "a tuple of 1 item", "so does a comma after `return a`."),
        ("return {}.sum().item()", "the float ", "A plain number is no tensor"),
        ("return {}.clone", "a builtin_function_or_method", "Are the parentheses missing"),
    ],
)
def test_what_is_no_tensor_is_told_once_with_the_remedy(handout, returned, got, remedy):
    result = "patches.reshape(B, n_patches**2, C * h * w)"
    edit(handout, "vit.py", f"return {result}", returned.format(result))
    printed = run(handout, "-k", "q1")
    assert printed.count("expected  a torch.Tensor") == 1
    assert f"got       {got}" in printed
    assert remedy in printed
    others = r"----  q1.2, q1.3, (q1.4, )?(q1.5, )?q1.6  "
    assert re.search(others + "Not reached: q1.1 fails first.", printed)


# --- where code fails ------------------------------------------------------------------------


def test_a_crash_shows_what_the_names_in_its_line_stand_for(handout):
    edit(handout, "vit.py", "h, w = H // n_patches", "h, w = H / n_patches")
    printed = run(handout, "-k", "q1")
    assert re.search(
        r"with      images \(1, 1, \d, \d\), B = 1, C = 1, n_patches = 2, h = \d.0, w = \d\n",
        printed,
    )
    assert "make sizes with //" in printed


def test_parts_of_a_module_are_shown_by_their_names(handout):
    edit(
        handout, "vit.py", "tokens = tokens + self.positions", "tokens = tokens.mT + self.positions"
    )
    printed = run(handout, "-k", "q5")
    assert "with      tokens (3, 50, 8), self.positions (50, 8)\n" in printed


def test_names_are_looked_up_without_running_anything():
    class Trap:
        @property
        def inside(self):
            raise AssertionError("was asked")

    trap, many = Trap(), 10**100
    with pytest.raises(AttributeError) as caught:
        trap.missing(many, trap.inside.x)
    assert names_of_last_line(caught.tb, [Path(__file__)]) == ""


@pytest.mark.parametrize(
    ("mistake", "hint"),
    [
        (lambda: nn.Sequential(nn.GELU), "nn.GELU()"),
        (lambda: type("Part", (nn.Module,), {})()(1), "indented too far"),
        (lambda: torch.zeros(4).reshape(2, 4 / 2), "make sizes with //"),
        (lambda: range(4 / 2), "make sizes with //"),
        (lambda: WithoutSuper(), "super().__init__()"),
        (lambda: torch.zeros(2, 3, 4).transpose(0, 2, 1), "permute(...)"),
    ],
)
def test_what_torch_says_has_a_hint(mistake, hint):
    with pytest.raises(Exception) as caught:  # noqa: PT011  # of several kinds
        mistake()
    assert hint in explain(student_error(caught.value, [Path(__file__)]))[1]


class WithoutSuper(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)


def test_an_error_that_is_returned_is_named():
    with pytest.raises(Mismatch) as caught:
        expect_error(ValueError, ValueError, call="patchify(images, 4)", valid=lambda: None)
    assert "It is returned, not raised: write `raise ValueError(...)`." in str(caught.value)


def test_a_single_number_is_not_counted_and_a_tiny_one_is_about_0():
    with pytest.raises(Mismatch) as caught:
        expect_tensor(torch.tensor(3e-9), torch.tensor(1.0), call="evaluate(...)")
    assert str(caught.value) == "called    evaluate(...)\nexpected  1\ngot       about 0"


def test_other_things_have_no_remedy_of_these():
    assert make_a_tensor("a str") == ""


# --- a slip that proves nothing --------------------------------------------------------------


@pytest.mark.parametrize(("answer", "named"), [(0.0, False), (1.0, False), (0.25, True)])
def test_a_single_zero_or_one_names_no_slip(answer, named):
    wrong = torch.tensor(answer)
    with pytest.raises(AssertionError) as caught:
        expect_tensor(
            wrong, torch.tensor(0.5), call="evaluate(...)", slips={"it is rounded.": wrong}
        )
    assert ("if it is rounded." in str(caught.value)) is named


# --- what comes next -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["-k", "q1 and dtype"], ["--deselect", "tests/test_q1_patchify.py::test_the_dtype_is_kept"]],
)
def test_a_part_of_a_question_leads_to_the_rest_of_it(handout, arguments):
    edit(handout, "vit.py", "10000 **", "1000 **")  # of q2: not looked at
    printed = run(handout, "-k", "q1", *arguments, cwd=handout)
    assert "next: the other checks of q1: pytest -k q1" in printed
    assert "not run)" in printed
    assert "hidden q1" not in printed


def test_a_single_check_by_its_name_leads_to_the_rest_of_its_question(handout):
    printed = run(handout / "tests" / "test_q1_patchify.py::test_the_dtype_is_kept")
    assert re.search(r"1 of 1 visible checks pass \(\d not run\)", printed)
    assert "next: the other checks of q1: pytest -k q1" in printed


def test_the_checks_that_failed_last_lead_to_all_of_their_question(handout):
    edit(handout, "vit.py", "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)")
    assert "next: q1  Cut images" in run(handout, "-x", "-k", "q1")
    edit(handout, "vit.py", "permute(0, 4, 2, 1, 3, 5)", "permute(0, 2, 4, 1, 3, 5)")
    assert "next: the other checks of q1: pytest -k q1" in run(handout, "--lf")


def test_hidden_checks_are_told_of_questions_that_pass(handout, assignment):
    edit(handout, "vit.py", "10000 **", "1000 **")
    printed = run(handout, "-k", "q1 or q2")
    assert "Hidden checks are graded after you hand in:" in printed
    assert f"    hidden q1: {assignment.questions['q1'].hidden_checks}\n" in printed
    assert "hidden q2" not in printed
