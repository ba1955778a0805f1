"""Cutting the skeleton out of the solution."""

import ast
import doctest
import importlib.util

import pytest

from autograder.errors import RegionError
from autograder.handout import regions

QUESTIONS = {"q1", "q2"}


def test_a_region_becomes_one_raise():
    text = "def f():\n    # BEGIN SOLUTION q1\n    x = 1\n\n    return x\n    # END SOLUTION\n"
    expected = 'def f():\n    raise NotImplementedError("TODO q1")\n'
    assert regions.stub(text, "vit.py", QUESTIONS) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# BEGIN SOLUTION q1\nx = 1\n", "line 1: this region is never closed"),
        ("x\n# END SOLUTION\n", "line 2: a region ends that never began"),
        (
            "# BEGIN SOLUTION q1\n# BEGIN SOLUTION q2\n# END SOLUTION\n",
            "line 2: a region begins inside that of line 1",
        ),
        ("# BEGIN SOLUTION q9\n# END SOLUTION\n", "line 1: `q9` is no question of grading.yml"),
        ("# BEGIN SOLUTION\n# END SOLUTION\n", "line 1: `` is no question"),
        ("# begin solution q1\n# END SOLUTION\n", "line 1: this marker is not written"),
        ("x = 1  # BEGIN SOLUTION q1\n", "line 1: this marker is not written"),
    ],
)
def test_a_wrong_region_is_refused_with_its_line(text, said):
    with pytest.raises(RegionError) as caught:
        regions.stub(text, "vit.py", QUESTIONS)
    assert f"solution/vit.py, {said}" in str(caught.value)
    assert "To mend it:" in str(caught.value)


def test_solution_and_skeleton_have_the_same_names_and_docstrings(assignment):
    for name in ("vit.py", "train.py"):
        trees = [ast.parse((folder / name).read_text())
                 for folder in (assignment.solution, assignment.student)]  # fmt: skip
        documented = [
            [(node.name, ast.get_docstring(node)) for node in ast.walk(tree)
             if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node)]
            for tree in trees
        ]  # fmt: skip
        assert documented[0] == documented[1]
        assert documented[0]


def test_every_question_with_a_stub_says_which(assignment):
    todo = {
        region.question
        for name in ("vit.py", "train.py")
        for region in regions.regions((assignment.solution / name).read_text())
    }
    assert todo == {"q1", "q2", "q3", "q4", "q5", "q6"}


def test_the_examples_in_the_docstrings_are_right(assignment):
    path = assignment.solution / "vit.py"
    spec = importlib.util.spec_from_file_location("solution_vit", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    results = doctest.testmod(module)
    assert results.attempted >= 6
    assert results.failed == 0
