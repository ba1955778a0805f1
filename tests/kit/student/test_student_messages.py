"""What `pytest student/` says of typical mishaps: once, with the remedy, and with what comes next."""

import re

import pytest

from checks.code.loading import Submission
from checks.show import main
from checks.telling.failures import StudentError
from checks.telling.wording import make_a_tensor
from checks.words.compare import expect_tensor
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


def test_other_things_have_no_remedy_of_these():
    assert make_a_tensor("a str") == ""


# --- a slip that proves nothing --------------------------------------------------------------


@pytest.mark.parametrize(("answer", "named"), [(0.0, False), (1.0, False), (0.25, True)])
def test_a_single_zero_or_one_names_no_slip(answer, named):
    import torch

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
