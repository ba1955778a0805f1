"""A slip in a test is told to whoever wrote the test: where, what and the remedy, in three lines."""

import shutil
import subprocess
import sys

import pytest

from autograder.errors import KitError
from autograder.grading import suite
from checks.telling.wording import Verdict
from kit.workbench import PATIENCE

TEST = '''
from checks import expect_error, weight


@weight(1)
def test_three(vit, draw):
    """Three patches do not fit."""
    x = draw(1, 1, 4, 4)
    {}
'''
WITHOUT_VALID = 'expect_error(lambda: vit.patchify(x, 3), ValueError, call="patchify(x, 3)")'
WHOLE = WITHOUT_VALID[:-1] + ", valid=lambda: vit.patchify(x, 2))"
NOTHING_WORTH = "from checks import weight\n\n\n@weight(0)\ndef test_three():\n    pass\n"


def outcome_of(line, copied, grader_of, folder=1):
    (copied.test_folders[folder] / "test_q1_three.py").write_text(TEST.format(line))
    report = grader_of(copied).grade(copied.solution, ["q1"], 1)
    (found,) = [o for o in report.questions[0].outcomes if o.title == "Three patches do not fit."]
    return found


@pytest.mark.parametrize("folder", [0, 1], ids=["visible", "hidden"])
def test_a_word_that_is_called_wrongly_is_told_in_three_lines(copied, grader_of, folder):
    found = outcome_of(WITHOUT_VALID, copied, grader_of, folder)
    assert found.verdict is Verdict.OUR_FAULT
    where, what, remedy = found.details.splitlines()
    assert where.endswith(f"test_q1_three.py, line 9, in test_three: {WITHOUT_VALID}")
    assert what == (
        "    TypeError: expect_error() missing 1 required keyword-only argument: 'valid'"
    )
    assert "To mend it: call it as expect_error(run, kind, *, call, valid);" in remedy
    assert "valid" not in found.message


def test_any_other_slip_in_a_line_of_the_test_is_told_in_three_lines(copied, grader_of):
    found = outcome_of("drew(1)", copied, grader_of)
    assert found.verdict is Verdict.OUR_FAULT
    where, what, remedy = found.details.splitlines()
    assert "line 9, in test_three: drew(1)" in where
    assert what.strip() == "NameError: name 'drew' is not defined"
    assert "the test's own" in remedy


def test_a_deeper_one_has_its_traceback_from_the_test_on(copied, grader_of):
    found = outcome_of('draw(1, "a")', copied, grader_of)
    assert found.verdict is Verdict.OUR_FAULT
    first, second, *_ = found.details.splitlines()
    assert first.startswith("Traceback")
    assert 'test_q1_three.py", line 9, in test_three' in second
    assert "pluggy" not in found.details


def test_the_example_in_the_docstring_works(copied, grader_of):
    assert outcome_of(WHOLE, copied, grader_of).verdict is Verdict.PASSED


def test_at_home_it_is_no_fault_of_the_students(copied):
    shutil.copyfile(copied.solution / "vit.py", copied.student / "vit.py")
    (copied.student / "tests" / "test_q1_three.py").write_text(TEST.format(WITHOUT_VALID))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-k", "q1"],
        cwd=copied.student,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "OUR FAULT" in ended.stdout, ended.stdout
    assert "To mend it: call it as expect_error(run, kind, *, call, valid)" in ended.stdout
    assert "your signature" not in ended.stdout


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("from checks import expect_tensr\n", 1, "cannot import name 'expect_tensr'"),
        (NOTHING_WORTH, 4, "ValueError: @weight(0): write a whole number"),
        ("\n\ndef test_(:\n", 3, "SyntaxError: "),
        ("\n3 + None\n", 2, "TypeError: unsupported operand"),
    ],
)
def test_a_test_file_that_cannot_be_read_is_told_in_two_lines(copied, text, line, said):
    (copied.student / "tests" / "test_q1_three.py").write_text(text)
    with pytest.raises(KitError) as caught:
        suite.collected(copied)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"student/tests/test_q1_three.py, line {line}: cannot be read: ")
    assert said in first
    assert "To mend it:" in second
