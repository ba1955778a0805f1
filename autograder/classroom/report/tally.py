"""Count over a class: how scores are spread, what passes, and which mistakes are made."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.assignment.config import Question
from autograder.classroom.report.figures import Item, Spread, spread
from autograder.classroom.report.table import name_order
from autograder.grading.report import QuestionResult, Report
from checks.telling.failures import NAMING
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

# How a message ends that names a mistake. What a student's code said stands behind one of the words.
NAMED = re.compile(
    rf"^(?!(?:called|expected|got|in all|at) ).*{NAMING.pattern}(.+)$",
    re.MULTILINE,
)
BINS = 10


@dataclass(frozen=True)
class Mistake:
    """A mistake that was named to some students: in which question, which, and to whom."""

    question: str
    name: str
    submissions: tuple[str, ...]


@dataclass(frozen=True)
class Bin:
    """How many scores there are from `low` on and below `high`; the last bin has its end, too."""

    low: float
    high: float
    count: int


@dataclass
class CheckTally:
    """One test: how many pass it, of how many it was tried on."""

    test: str
    title: str
    hidden: bool
    item: Item = field(default_factory=Item)

    @property
    def passed(self) -> int:
        return sum(self.item.passed)

    @property
    def of(self) -> int:
        return len(self.item.passed)


@dataclass
class QuestionTally:
    """One question: its points, and its tests in order."""

    id: str
    question: Question
    points: list[float] = field(default_factory=list)
    not_started: int = 0
    our_fault: int = 0
    checks: dict[tuple[str, bool], CheckTally] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        return statistics.fmean(self.points)

    @property
    def full(self) -> int:
        return sum(points >= self.question.points for points in self.points)

    @property
    def listed(self) -> list[CheckTally]:
        return sorted(self.checks.values(), key=lambda check: int(check.test.split(".")[1]))

    def add(self, result: QuestionResult, score: float) -> None:
        """Count a submission's result; `score` is what it earned in all."""
        self.points.append(result.points)
        self.not_started += result.verdict is Verdict.NOT_STARTED
        self.our_fault += result.verdict is Verdict.OUR_FAULT
        total = sum(outcome.weight for outcome in result.outcomes)
        for outcome in result.outcomes:
            if "." in outcome.test:  # what could not be graded at all has no tests
                own = outcome.share * outcome.weight / total * self.question.points
                self._add(outcome, score - own)

    def _add(self, outcome: Outcome, rest: float) -> None:
        new = CheckTally(outcome.test, outcome.title, outcome.hidden)
        check = self.checks.setdefault((outcome.title, outcome.hidden), new)
        check.item.add(outcome.verdict is Verdict.PASSED, outcome.share, rest)


@dataclass
class Tally:
    """The figures of a class. It is given one report after the other, and keeps none."""

    scores: list[float] = field(default_factory=list)
    readable: list[float] = field(default_factory=list)
    sections: dict[str, list[float]] = field(default_factory=dict)
    most: float = 0.0
    questions: dict[str, QuestionTally] = field(default_factory=dict)
    named: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)

    def add(self, submission: str, report: Report, section: str = "") -> None:
        """Count a submission; section is "" where none is known."""
        score = report.points
        self.scores.append(score)
        self.sections.setdefault(section, []).append(score)
        if not report.message:
            self.readable.append(score)
        self.most = max(self.most, report.max_points)
        for result in report.questions:
            own = self.questions.setdefault(result.id, QuestionTally(result.id, result.question))
            own.add(result, score)
            for name in mistakes(result):
                self.named.setdefault((result.id, name), {})[submission] = None

    @property
    def mistakes(self) -> list[Mistake]:
        """What was named, the most frequent first."""
        found = [
            Mistake(*place, tuple(sorted(whose, key=name_order)))
            for place, whose in self.named.items()
        ]
        return sorted(found, key=lambda m: (-len(m.submissions), m.question, m.name))

    @property
    def bins(self) -> list[Bin]:
        """How scores are spread between 0 and all points."""
        width = self.most / BINS
        counts = [0] * BINS
        for score in self.scores:
            counts[min(int(score / width), BINS - 1) if width else 0] += 1
        return [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(counts)]

    @property
    def spreads(self) -> list[tuple[str, Spread]]:
        """How scores are spread: of all, without what nobody could read, and by section."""
        found = [("all", spread(self.scores))]
        if len(self.readable) < len(self.scores):
            found.append(("without unreadable files", spread(self.readable)))
        if set(self.sections) != {""}:
            known = sorted((name for name in self.sections if name), key=name_order)
            found += [(name, spread(self.sections[name])) for name in known]
            if "" in self.sections:
                found.append(("in no section", spread(self.sections[""])))
        return found

    @property
    def summary(self) -> Sequence[tuple[str, float]]:
        """Mean, median, lowest and highest score."""
        if not self.scores:
            return ()
        middle = statistics.median(self.scores)
        mean = statistics.fmean(self.scores)
        return (("mean", mean), ("median", middle), ("lowest", min(self.scores)),
                ("highest", max(self.scores)))  # fmt: skip


def mistakes(result: QuestionResult) -> Iterator[str]:
    """Yield the mistakes that a question's messages name, each once."""
    said = (name for o in result.outcomes for name in NAMED.findall(o.message))
    yield from dict.fromkeys(name.strip().rstrip(".") for name in said)
