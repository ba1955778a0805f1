"""Keep Otter's process and its kernel away from a student's files, and grade these in isolation.

Otter would run what was handed in beside its tests. This plugin, which Otter calls before it runs
anything, moves all of it out of the way and has our grader judge it. The test files of the zip then
only tell what came out, and what Otter runs is an empty notebook of ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from otter.plugins import AbstractOtterPlugin

from autograder.formats.whole_files import write_json
from autograder.platforms.inside import on_gradescope
from autograder.platforms.inside.otter_cases import DRIVER, EMPTY_NOTEBOOK, OUTCOMES, cases

HANDED_IN = "handed_in"
OURS = (DRIVER, "tests")  # what Otter needs in the folder that it works in
KEPT = "graded.json"  # our results: Otter overwrites its own file


class Isolated(AbstractOtterPlugin):  # type: ignore[misc]  # Otter's classes have no types
    """Grade before Otter does."""

    def before_grading(self, config: Any) -> None:
        home = Path.cwd().parent
        # Otter has copied its files into the submission. In the kit lie hidden tests.
        shutil.rmtree(home / "submission" / "kit", ignore_errors=True)
        handed_in = set_apart(home, OURS)
        to_run = Path(self.submission_path)  # Otter has chosen already what it will run
        to_run.write_bytes(EMPTY_NOTEBOOK if to_run.suffix == ".ipynb" else b"")
        report = on_gradescope.grade(home, handed_in)
        shutil.copyfile(home / "results" / "results.json", home / KEPT)
        if report is not None:
            write_json({q.id: cases(q) for q in report.questions}, home / OUTCOMES)


def set_apart(home: Path, but: Collection[str] = ()) -> Path:
    """Move everything but a few names from home/submission to home/handed_in; return that."""
    submission, handed_in = home / "submission", home / HANDED_IN
    handed_in.mkdir(exist_ok=True)
    for path in list(submission.iterdir()):
        if path.name not in but:
            shutil.move(path, handed_in / path.name)
    return handed_in
