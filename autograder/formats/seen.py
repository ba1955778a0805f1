"""What a student may see of a report, and from when on: tests, and the points of these tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from autograder.assignment.config import Assignment, Show
from autograder.assignment.points import total_of
from autograder.formats.gradescope import seen_by_student
from autograder.grading.report import QuestionResult, Report, verdict_of
from checks.telling.outcome import Outcome, said_once

NOT_SHOWN = "not shown"  # stands for the verdict of a question of which nothing may be seen


class When(str, Enum):
    """How far an assignment is."""

    BEFORE_DUE = "before the due date"
    AFTER_DUE = "after the due date"
    PUBLISHED = "after marks are published"


# What is kept from students for good, or until a moment that has not come.
KEPT_BACK = {
    When.BEFORE_DUE: {Show.AFTER_DUE_DATE, Show.AFTER_PUBLISHED, Show.HIDDEN},
    When.AFTER_DUE: {Show.AFTER_PUBLISHED, Show.HIDDEN},
    When.PUBLISHED: {Show.HIDDEN},
}
SHOWN_LATER = {
    Show.AFTER_DUE_DATE: "are shown after the due date",
    Show.AFTER_PUBLISHED: "are shown when marks are published",
    Show.HIDDEN: "are not shown",
}


@dataclass(frozen=True)
class Seen:
    """What may be seen of a question. Its points are those of the tests that may be seen."""

    result: QuestionResult
    outcomes: Sequence[Outcome]

    @property
    def partial(self) -> bool:
        return len(self.outcomes) < len(self.result.outcomes)

    @property
    def points(self) -> float:
        return self.result.points_of(*self.outcomes)[0]

    @property
    def most(self) -> float:
        if not self.result.outcomes:
            return self.result.question.points
        return self.result.points_of(*self.outcomes)[1]

    @property
    def verdict(self) -> str:
        if not self.partial:
            return self.result.verdict.value
        return (
            verdict_of(self.outcomes, self.points, self.most).value if self.outcomes else NOT_SHOWN
        )

    @property
    def said_once(self) -> str:
        """What all its tests say, where they say the same."""
        if not self.outcomes:
            return "" if self.partial else self.result.message
        return said_once(self.outcomes) if len(self.outcomes) > 1 else ""


@dataclass(frozen=True)
class View:
    """What may be seen of a report."""

    questions: tuple[Seen, ...]

    @property
    def partial(self) -> bool:
        return any(seen.partial for seen in self.questions)

    @property
    def points(self) -> float:
        return total_of(seen.points for seen in self.questions)

    @property
    def most(self) -> float:
        return total_of(seen.most for seen in self.questions)

    @property
    def kept_back(self) -> Iterator[str]:
        """Say what is not in these points, and when it is shown."""
        if self.partial:
            yield "These points are those of the checks that are shown now."
        for show, later in SHOWN_LATER.items():
            names = [
                seen.result.id
                for seen in self.questions
                if seen.partial and seen.result.question.show is show
            ]
            if names:
                yield f"Hidden checks of {', '.join(names)} count as well, and {later}."


def view(report: Report, when: When | None) -> View:
    """Return what a student may see of a report at some time; all of it for teachers (None)."""
    return View(tuple(Seen(q, _outcomes(q, when)) for q in report.questions))


def _outcomes(question: QuestionResult, when: When | None) -> Sequence[Outcome]:
    if when is None:
        return question.outcomes
    return seen_by_student(question, question.question.show in KEPT_BACK[when])


def is_kept_back(assignment: Assignment, when: When) -> bool:
    """Whether grading.yml keeps anything from students at that time which it shows later."""
    shows = {question.show for question in assignment.questions.values()}
    return bool(shows & (KEPT_BACK[when] - {Show.HIDDEN}))
