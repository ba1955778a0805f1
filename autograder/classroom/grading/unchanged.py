"""Mind that a class is graded with one suite from its first submission to its last."""

from __future__ import annotations

from autograder.assignment.config import Assignment, load
from autograder.assignment.provenance import suite_digest, suite_files
from autograder.errors import KitError
from autograder.grading.report import Report


class Suite:
    """The files that decide about marks, and whether they are still those that the run began with.

    Raises KitError if the mark sheet was saved anew since it was read.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._stamp = self._now()
        self.digest = suite_digest(assignment)
        self._mind(load(assignment.root).settings != assignment.settings)

    def check(self, report: Report | None = None) -> None:
        """Raise KitError if a file has changed, or if a report was made with another suite."""
        other = report is not None and report.facts.get("suite", self.digest) != self.digest
        self._mind(other or self._now() != self._stamp)

    def _mind(self, changed: bool) -> None:
        if changed:
            raise KitError("autograder batch", "the suite has changed while the class was graded",
                           "give the same command again: all are graded with the new one")  # fmt: skip

    def _now(self) -> list[tuple[str, int, int]]:
        stamps = []
        for name, path in suite_files(self._assignment).items():
            told = path.stat()
            stamps.append((name, told.st_mtime_ns, told.st_size))
        return stamps
