"""The command line: what it prints, and its exit status."""

import json
import re

import pytest

from kit.workbench import run


def test_the_help_says_where_to_start():
    result = run("--help")
    assert result.returncode == 0
    for word in ("grade", "check", "student", "Start with `autograder check`"):
        assert word in result.stdout


def test_grade_prints_a_table_and_writes_json(tmp_path):
    result = run(
        "grade", "solution", "--only", "q2,q1", "--only", "q2", "--seed", 7,
        "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert result.returncode == 0
    assert re.search(r"q1\s+Cut images into patches\s+passed\s+15\s+15", result.stdout)
    assert re.search(r"all\s+30\s+30", result.stdout)
    assert "--seed 7 replays them" in result.stdout
    written = json.loads((tmp_path / "r.json").read_text())
    assert written["extra_data"]["questions"]["q2"]["points"] == 15
    assert written["extra_data"]["seed"] == 7


def test_a_low_score_is_no_error(autograder):
    result = autograder("grade", "student", "--only", "q1")
    assert result.returncode == 0
    assert "vit.py still raises TODO q1 in patchify." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grade", "nobody"), "nobody: there is nothing here\n    To mend it: name a folder"),
        (("grade", "solution", "--only", "q9"), "there is no question q9\n    To mend it: choose"),
        (("grade", "solution", "--data", "tests"), "there is no MNIST/raw/ in it"),
        (("grade", "solution", "--json", "none/r.json"), "cannot be written"),
        (("grade",), "Missing argument"),
        (("grdae",), "No such command"),
        (("grade", "solution", "--seed", "-1"), "greater than or equal to 0"),
    ],
)
def test_a_wrong_call_says_how_to_call(autograder, arguments, said):
    result = autograder(*arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_call_ends_its_process_with_2():
    result = run("grade", "nobody")
    assert result.returncode == 2
    assert "nobody: there is nothing here" in result.stderr
    assert "Traceback" not in result.stderr


def test_student_check_names_the_difference(autograder, copied):
    path = copied.student / "vit.py"
    path.write_text(path.read_text().replace("import math", "import maths"))
    result = autograder("student", "--check", cwd=copied.root)
    assert result.returncode == 1
    assert "student/vit.py, line 10: `import maths` should be `import math`" in result.stdout
    assert autograder("student", cwd=copied.root).returncode == 0
    assert autograder("student", "--check", cwd=copied.root).returncode == 0


def test_check_ends_with_1_where_a_promise_is_broken(autograder, copied):
    path = copied.student / "vit.py"
    path.write_text(path.read_text() + "\n")
    result = autograder("check", "--no-training", cwd=copied.root)
    assert result.returncode == 1
    assert re.search(r"1  student/ is what .* generates\s+NO ", result.stdout)
    assert re.search(r"4  the solution earns all 95 points, twice alike\s+yes", result.stdout)


def test_a_mistyped_key_is_told_in_two_lines(autograder, copied):
    path = copied.root / "grading.yml"
    path.write_text(path.read_text().replace("points: 25", "pionts: 25"))
    result = autograder("grade", "solution", cwd=copied.root)
    assert result.returncode == 2
    assert "unknown key `pionts` in questions.q3\n    To mend it: did you mean `points`?" in (
        result.stderr
    )


def test_the_solved_notebook_is_written_but_never_into_the_handout(
    autograder, assignment, tmp_path
):
    told = autograder("student", "--solved", tmp_path / "solved.ipynb")
    assert told.returncode == 0
    assert "side_by_side" in (tmp_path / "solved.ipynb").read_text()
    refused = autograder("student", "--solved", assignment.student / "solved.ipynb")
    assert refused.returncode == 2
    assert "it would lie in student/" in refused.stderr
    assert not (assignment.student / "solved.ipynb").exists()
