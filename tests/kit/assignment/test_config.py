"""grading.yml: every mistake is told with file, line and remedy."""

import re
import shutil

import pytest

from autograder.assignment.config import find_root, load
from autograder.errors import ConfigError
from autograder.platforms.build import warnings


@pytest.fixture
def spoiled(tmp_path, assignment):
    """spoiled(old, new) loads a kit whose grading.yml has one place changed."""

    def spoil(old, new):
        shutil.copytree(assignment.student / "tests", tmp_path / "student" / "tests")
        text = (assignment.root / "grading.yml").read_text()
        assert old in text
        (tmp_path / "grading.yml").write_text(text.replace(old, new, 1))
        with pytest.raises(ConfigError) as caught:
            load(tmp_path)
        return str(caught.value)

    return spoil


def line_of(assignment, text):
    lines = (assignment.root / "grading.yml").read_text().splitlines()
    return next(n for n, line in enumerate(lines, start=1) if text in line)


def test_an_unknown_key_is_told_with_the_nearest_right_one(spoiled, assignment):
    said = spoiled("    points: 15", "    pionts: 15")
    assert said == (
        f"grading.yml, line {line_of(assignment, 'points: 15')}: unknown key `pionts` in "
        "questions.q1\n    To mend it: did you mean `points`?"
    )


def test_an_unknown_key_at_the_top_is_told(spoiled):
    assert "line 11: unknown key `limit` in the file\n    To mend it: did you mean `limits`?" in (
        spoiled("limits:", "limit:").replace("line 8", "line 11")
    )


@pytest.mark.parametrize(
    ("old", "new", "what", "remedy"),
    [
        ("points: 15", "points: fifteen", "`points` is 'fifteen'", "write a number here"),
        ("points: 15", "points: -1", "greater than or equal to 0", "choose a value that fits"),
        ("points: 15", "points:", "`points` is None", "write a number here"),
        ("show: score_only", "show: never", "`show` is 'never'", "'visible', 'score_only'"),
        ("epochs: 14", "epochs: 14.5", "`epochs` is 14.5", "write a whole number here"),
        ("epochs: 14", "epochs: yes", "`epochs` is 'yes'", "write a whole number here"),
        ("seconds_per_test: 20", "seconds_per_test: 0", "greater than 0", "choose a value"),
        (
            "[vit.py, train.py]",
            "[vit.py, notes.txt]",
            "`files` lists 'notes.txt'",
            "only vit.py and train.py",
        ),
        ("[vit.py, train.py]", "vit.py", "`files` is 'vit.py'", "write a list here"),
        (
            "hidden_checks: long tables,",
            "hidden_checks: a | b,",
            "`hidden_checks` is 'a | b,",
            "write it like this: other sizes, several channels",
        ),
        ("hidden_checks: long tables,", "hidden_check: long", "unknown key", "`hidden_checks`?"),
        ("  q2:", "  2:", "is no name of a question", "call it q1, q2"),
        ("  q2:", "  second:", "`second` is no name of a question", "call it q1, q2"),
        ("    title: Positional embeddings\n", "", "`title` is missing", "add `title: ...`"),
        (
            "title: The whole",
            "title: q5: the whole",
            "this is not YAML",
            'in quotes, as in title: "',
        ),
        ("title: The whole model", "title: 5", "`title` is 5", 'put it in quotes: "5"'),
        ("time: 1 to 2.5 h", "time: 90", "`time` is 90", 'put it in quotes: "90"'),
        ("time: 1 to 2.5 h", "time: 1 | 2", "`time` is '1 | 2'", "like this: 30 to 70 min"),
        ("points: 15", "points: .inf", "`points` is inf", "choose a value that fits"),
        (
            "seconds_in_all: 480",
            "seconds_in_all: 200",
            "`seconds_in_all` is 200, and a training may take 240 (`seconds_for_training`)",
            "write 240 or more here, or a smaller `seconds_for_training`",
        ),
        (
            "seconds_per_test: 20",
            "seconds_per_test: 500",
            "`seconds_in_all` is 480, and a test may take 500",
            "write 500 or more here",
        ),
        (
            "seconds_on_the_clock: 540",
            "seconds_on_the_clock: 400",
            "`seconds_on_the_clock` is 400, and all tests together may take 480",
            "write 480 or more here",
        ),
        ("band: 0.12", "band: 0.9", "`band` is 0.9", "write at most 0.79: guessing reaches 0.12"),
        (
            "8: 0.84",
            "8: 0.5",
            "the bar of 8 epochs is 0.5, lower than 0.64, that of 5",
            "write 0.64 or more here, or less for 5 epochs",
        ),
        (
            "2: 0.14",
            "2: 0.1",
            "the bar of 2 epochs is 0.1: guessing reaches 0.12",
            "more than 0.12",
        ),
        ("epochs: 14", "epochs: 25", "there is no bar for 25 epochs", "add `25: ...`"),
        (
            "epochs_at_first: 8",
            "epochs_at_first: 14",
            "the shorter run has 14 epochs, the whole one 14",
            "write fewer here, or 0 for no shorter run",
        ),
        ("limits: ", "round: 0\nlimits: ", "`round` is 0", "without the line marks stay exact"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(spoiled, old, new, what, remedy):
    said = spoiled(old, new)
    assert said.startswith("grading.yml, line ")
    assert what in said
    assert remedy in said


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("seconds_in_all: 480", "seconds_in_all: 200", "seconds_in_all: 480"),
        ("8: 0.84", "8: 0.5", "8: 0.84"),
        ("band: 0.12", "band: 0.9", "band: 0.12"),
        ("title: The whole", "title: q5: the whole", "title: The whole"),
    ],
)
def test_what_cannot_work_is_told_with_the_line_to_change(spoiled, assignment, old, new, at):
    assert spoiled(old, new).startswith(f"grading.yml, line {line_of(assignment, at)}: ")


def test_a_sheet_without_any_points_is_refused(copied):
    path = copied.root / "grading.yml"
    path.write_text(re.sub(r"points: \d+", "points: 0", path.read_text()))
    with pytest.raises(ConfigError, match=r"(?s)worth 0 points.*above 0"):
        load(copied.root)


def test_what_may_not_be_meant_is_told_and_not_refused(autograder, copied, assignment):
    path = copied.root / "grading.yml"
    path.write_text(path.read_text().replace("points: 25", "points: 0"))
    told = autograder("student", cwd=copied.root)
    assert told.returncode == 0
    line = line_of(assignment, "questions:")
    assert f"Note: grading.yml, line {line}: the points add up to 75, not to 100" in told.stdout
    assert "q3 is worth 0 points: it is graded, and earns nothing" in told.stdout
    assert load(assignment.root).surprises == ()
    assert [one for one in warnings(load(copied.root), []) if "add up to 75" in one]


def test_a_question_without_tests_is_refused(spoiled):
    said = spoiled("  q7:", "  q8:")
    assert (
        "question q8 has no tests\n    To mend it: write student/tests/test_q8_<topic>.py" in said
    )


def test_tests_without_a_question_are_refused(spoiled, assignment):
    text = (assignment.root / "grading.yml").read_text()
    said = spoiled(text[text.index("  q7:\n") :], "")
    assert said.startswith("student/tests/test_q7_accuracy.py: there is no question q7")


@pytest.mark.parametrize("text", ["a: [", "\t- x", "a: 1\na: 2", "'", "key: &x *y"])
def test_broken_yaml_is_told_with_its_line(tmp_path, text):
    (tmp_path / "grading.yml").write_text(text)
    with pytest.raises(ConfigError, match=r"grading.yml.*this is not YAML"):
        load(tmp_path)


@pytest.mark.parametrize(("content", "said"), [(b"", "no settings"), (b"\xff\xfe", "not UTF-8")])
def test_a_file_that_is_no_mark_sheet_is_told(tmp_path, content, said):
    (tmp_path / "grading.yml").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load(tmp_path)


def test_the_kit_is_found_from_any_folder_inside(assignment, tmp_path):
    assert find_root(assignment.root / "tests" / "kit") == assignment.root
    assert find_root(tmp_path) == assignment.root  # from outside: where the package lies
