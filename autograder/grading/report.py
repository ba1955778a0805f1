"""What a grading came to: points for every question, at its full maximum, whatever happened."""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from autograder.assignment.config import Assignment, Question
from autograder.assignment.points import exact_share, part_of, shared_out, total_of
from autograder.assignment.provenance import provenance
from autograder.isolation.budget import Spent
from autograder.isolation.layers import Layer
from autograder.isolation.noted import Noted
from checks.telling import wording
from checks.telling.outcome import Outcome, counted
from checks.telling.wording import Verdict

NOTED = ("training", "time", "refused")  # facts that its questions tell


@dataclass(frozen=True)
class QuestionResult:
    """One question: its tests, and the share of its points that they earn.

    message    where it has no outcome
    noted      what came up beside its outcomes
    trainings  what became of each, in words, where its tests train a model
    accuracy   of that model on the hidden digits
    key        of all that it rests on, where it may be used again; "" where not
    """

    id: str
    question: Question
    outcomes: tuple[Outcome, ...]
    message: str = wording.OUR_FAULT
    noted: Noted = field(default_factory=Noted)
    trainings: tuple[str, ...] = ()
    accuracy: float | None = None
    key: str = ""

    @property
    def share(self) -> Fraction:
        total = sum(outcome.weight for outcome in self.outcomes)
        if not total:
            return Fraction(0)
        return sum((exact_share(o.share) * o.weight for o in self.outcomes), Fraction(0)) / total

    @property
    def points(self) -> float:
        return self.points_of(*self.outcomes)[0]

    def points_of(self, *outcomes: Outcome) -> tuple[float, float]:
        """Return earned and possible points of one of its tests, or of some together.

        However the tests are put together, what is written adds up to the question's points.
        """
        most = self._most
        earned = (part_of(most[outcome.test], outcome.share) for outcome in outcomes)
        return float(sum(earned)), float(sum(most[outcome.test] for outcome in outcomes))

    @property
    def _most(self) -> dict[str, Decimal]:
        weights = tuple(outcome.weight for outcome in self.outcomes)
        tests = (outcome.test for outcome in self.outcomes)
        return dict(zip(tests, shared_out(self.question.points, weights)))

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.outcomes, self.points, self.question.points)

    @property
    def seconds(self) -> float:
        return sum(outcome.seconds for outcome in self.outcomes)


def verdict_of(outcomes: Sequence[Outcome], earned: float, most: float) -> Verdict:
    """A fault of ours first; then what is earned; of nothing, what all tests have in common."""
    verdicts = [outcome.verdict for outcome in outcomes]
    if not verdicts or Verdict.OUR_FAULT in verdicts:
        return Verdict.OUR_FAULT
    if earned:
        return Verdict.PASSED if earned == most else Verdict.PARTLY
    return verdicts[0] if len(set(verdicts)) == 1 else Verdict.FAILED


@dataclass(frozen=True)
class Report:
    """One submission, graded."""

    questions: tuple[QuestionResult, ...]
    seed: int
    notes: tuple[str, ...] = ()
    message: str = ""  # what concerns the submission as a whole
    details: str = ""  # for the teacher
    seconds: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()  # of the confinement
    accuracy: float | None = None  # on the hidden digits, where a model was trained
    interrupted: bool = False
    too_busy: bool = False  # was the machine: it is worth another try

    @property
    def points(self) -> float:
        return total_of(question.points for question in self.questions)

    @property
    def max_points(self) -> float:
        return total_of(question.question.points for question in self.questions)

    @property
    def is_judged(self) -> bool:
        """Whether its tests have something to tell: a message speaks for all of them, but not of a run
        that was cut short."""
        return not self.message or self.interrupted

    @property
    def our_fault(self) -> bool:
        return any(question.verdict is Verdict.OUR_FAULT for question in self.questions)

    @property
    def is_bound(self) -> bool:
        """Whether a question's verdict may hang on another's: one has used up the time of others, or
        several have met the same fault of a file, of which only the first tells."""
        noted = [question.noted for question in self.questions]
        faults = [fault for one in noted for fault in one.faults]
        return any(one.stopped for one in noted) or len(set(faults)) < len(faults)


def collect(
    assignment: Assignment,
    only: Sequence[str],
    outcomes: Iterable[Outcome],
    seed: int,
    details: str = "",
) -> Report:
    """Make a report from the outcomes there are. A question without any is our fault."""
    known = list(outcomes)
    questions = []
    for name in only:
        own = counted([outcome for outcome in known if outcome.question == name])
        questions.append(QuestionResult(name, assignment.questions[name], own))
    return Report(tuple(questions), seed, details=details)


def with_noted(report: Report, notes: Sequence[str]) -> Report:
    """Return a report that tells as a whole what came up in each of its questions.

    notes  on how the submission was read
    """
    own = report.questions
    each = [*notes, *(note for question in own for note in question.noted.notes)]
    accuracy = next((q.accuracy for q in own if q.accuracy is not None), None)
    facts = {name: fact for name, fact in report.facts.items() if name not in NOTED}
    trainings = dict.fromkeys(question.trainings for question in own)  # of one run: told once
    if told := [training for some in trainings for training in some]:
        facts["training"] = "; ".join(told)
    facts["time"] = str(functools.reduce(Spent.plus, (q.noted.spent for q in own), Spent()))
    if refused := dict.fromkeys(call for question in own for call in question.noted.refused):
        facts["refused"] = "; ".join(refused)
    return replace(report, notes=tuple(dict.fromkeys(each)), accuracy=accuracy, facts=facts)


def cut_short(report: Report, broken: Sequence[str]) -> Report:
    """Return the report of a run that did not come to its end: what is left was not run.

    broken  questions that could not have been judged anyway
    """
    questions = []
    for question in report.questions:
        outcomes = tuple(  # there are no details of what was not run
            replace(outcome, details="") if outcome.message == wording.STOPPED_BEFORE else outcome
            for outcome in question.outcomes
        )
        message = question.message if question.id in broken else wording.STOPPED_BEFORE
        questions.append(replace(question, outcomes=outcomes, message=message))
    return replace(
        report, questions=tuple(questions), message=wording.NOT_FINISHED, interrupted=True
    )


def not_run(assignment: Assignment, only: Sequence[str], seed: int) -> Report:
    """Make the report that stands until there is a real one."""
    questions = tuple(
        QuestionResult(name, assignment.questions[name], (), wording.NOT_RUN) for name in only
    )
    return Report(questions, seed, message=wording.NOT_RUN, facts=provenance(assignment))


def refuse(assignment: Assignment, only: Sequence[str], seed: int, message: str) -> Report:
    """Make a report of a submission in which nothing can be graded: 0 of every full maximum."""
    said = dict.fromkeys(only, wording.fails_first(only[0])) | {only[0]: message}  # it stands once
    questions = tuple(
        QuestionResult(name, assignment.questions[name], (_refused(name, said[name]),))
        for name in only
    )
    return Report(questions, seed, message=message)


def _refused(question: str, message: str) -> Outcome:
    return Outcome(
        test=question,
        question=question,
        title="There is something to grade.",
        weight=1,
        hidden=False,
        reported=False,
        verdict=Verdict.NOT_REACHED,
        message=message,
    )


def facts(assignment: Assignment) -> dict[str, str]:
    """Return what another run would need to give the same numbers: the kit and the machine."""
    import numpy
    import torch

    return {
        **provenance(assignment),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "system": f"{platform.system()} {platform.release()}",
        "processor": torch.backends.cpu.get_cpu_capability() + ", " + platform.machine(),
        "threads": str(torch.get_num_threads()),
    }
