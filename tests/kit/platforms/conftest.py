"""What the tests of all platforms share: two kits, and the five submissions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.assignment.config import Assignment, load
from autograder.grading.grade import Grader
from kit.platforms import five
from kit.platforms.five import Submissions
from kit.workbench import copy_of


@pytest.fixture(scope="session")
def kit(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """A kit that takes torch from where this machine does, and allows two attempts."""
    copied = copy_of(assignment, tmp_path_factory.mktemp("platforms") / "kit")
    sheet = copied.root / "grading.yml"
    text = re.sub(r"(torch_index:).*", r'\1 ""', sheet.read_text())
    for old, new in (
        ("leaderboard: false", "leaderboard: true"),
        ("# attempts: {per: 24h, at_most: 5}", "attempts: {per: 24h, at_most: 2}"),
    ):
        assert old in text
        text = text.replace(old, new)
    sheet.write_text(text)
    return load(copied.root)


@pytest.fixture(scope="session")
def quick_kit(kit: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The same with a shorter training: how long it takes is of no matter to a platform."""
    copied = copy_of(kit, tmp_path_factory.mktemp("quick") / "kit")
    sheet = copied.root / "grading.yml"
    sheet.write_text(
        sheet.read_text()
        .replace("epochs: 14 ", "epochs: 5 ")
        .replace("epochs_at_first: 8 ", "epochs_at_first: 0 ")
    )
    quick = load(copied.root)
    assert quick.settings.training.epochs == 5
    return quick


@pytest.fixture
def submissions(tmp_path: Path, assignment: Assignment) -> Submissions:
    return five.submissions(assignment, tmp_path)


@pytest.fixture(scope="session")
def wanted(
    grader: Grader, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, five.Points]:
    """The points that `autograder grade` gives each of the five, by question."""
    return five.expected(grader, five.submissions(assignment, tmp_path_factory.mktemp("five")))
