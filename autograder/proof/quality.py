"""How well the suite judges: every known mistake and every right file graded, and what became of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.config import Assignment
from autograder.assignment.exercise import TRAINED
from autograder.grading.pool import Job, Pool
from autograder.grading.report import Report
from autograder.handout import regions
from autograder.isolation.workers import Listener
from autograder.proof import corpus
from autograder.proof.corpus import Slip, Step
from checks.telling.failures import NAMING
from checks.telling.outcome import Outcome
from checks.telling.wording import Verdict

A_FIFTH = 0.2


@dataclass(frozen=True)
class Judged:
    """One known mistake, graded on the questions that it could touch."""

    slip: Slip
    report: Report

    @property
    def lost(self) -> dict[str, float]:
        """Points lost, by question."""
        return {
            question.id: round(question.question.points - question.points, 2)
            for question in self.report.questions
            if question.share < 1
        }

    @property
    def share(self) -> float:
        """The share of its own question that it costs."""
        own = next(q for q in self.report.questions if q.id == self.slip.costs)
        return float(1 - own.share)

    @property
    def failed(self) -> list[Outcome]:
        """The checks that were not earned, those that were not reached among them."""
        return [o for q in self.report.questions for o in q.outcomes if o.share < 1]

    @property
    def failing(self) -> list[str]:
        """The checks whose own law does not hold, by number; where none was reached, the first."""
        own = [o.test for o in self.failed if o.verdict is not Verdict.NOT_REACHED]
        return own or [o.test for o in self.failed[:1]]

    @property
    def visible(self) -> bool:
        """Whether a student sees it before handing in."""
        return any(not outcome.hidden for outcome in self.failed)

    @property
    def named(self) -> bool:
        """Whether what the student reads says what is wrong."""
        said = "\n".join(o.message for o in self.failed if o.hidden is not self.visible)
        return any(sentence in said for sentence in self.slip.says)

    @property
    def wrong_names(self) -> list[str]:
        """Sentences that name another mistake than the one that was made."""
        lines = [line for outcome in self.failed for line in outcome.message.splitlines()]
        return [
            line
            for line in dict.fromkeys(lines)
            if NAMING.search(line) and not any(sentence in line for sentence in self.slip.says)
        ]

    @property
    def problems(self) -> list[str]:
        """What is wrong with how it was judged."""
        name, own = f"{self.slip.slip!r} ({self.slip.id})", self.slip.costs
        found = [f"{name} is named wrongly: {line}" for line in self.wrong_names]
        if self.report.our_fault:
            found.append(f"{name} makes a test fail by itself")
        if own not in self.lost:
            found.append(f"{name} survives: no test of {own} sees it")
        found += [f"{name} also costs {other}" for other in self.lost if other != own]
        if len(self.failing) > 1 and not self.slip.several:
            found.append(
                f"{name} fails {', '.join(self.failing)}: one fault, one check, or say why"
            )
        if self.slip.at_most_a_fifth and self.share > A_FIFTH + 1e-9:
            found.append(f"{name} costs {self.share:.0%} of {own}, and shows at the edges only")
        return found


@dataclass(frozen=True)
class Stepped:
    """A mistake made on the way, and what its author reads of it at home."""

    step: Step
    outcomes: tuple[Outcome, ...]

    @property
    def said(self) -> str:
        """What failing checks say; a stub says it only where nothing else does: it may be another's."""
        failing = [o for o in self.outcomes if o.share < 1 and not o.hidden]
        begun = [o for o in failing if o.verdict is not Verdict.NOT_STARTED]
        return "\n".join(o.message for o in begun or failing)

    @property
    def seen(self) -> bool:
        """Whether a visible check fails."""
        return bool(self.said)

    @property
    def named(self) -> bool:
        return any(sentence in self.said for sentence in self.step.says)


@dataclass(frozen=True)
class Quality:
    """What became of all known mistakes, of right submissions, and of files with several mistakes."""

    wrong: tuple[Judged, ...]
    right: tuple[tuple[str, Report], ...]
    typical: tuple[tuple[str, Report], ...] = ()
    steps: tuple[Stepped, ...] = ()

    @property
    def survivors(self) -> list[Judged]:
        return [one for one in self.wrong if one.slip.costs not in one.lost]

    @property
    def failed_right(self) -> list[str]:
        return [name for name, report in self.right if report.points < report.max_points]

    @property
    def false_fails(self) -> list[str]:
        """Right submissions that lose a mark, with the test that they lose it to."""
        return [
            f"{name}, which is right, loses {outcome.test}  {outcome.title}"
            for name, report in self.right
            for question in report.questions
            for outcome in question.outcomes
            if outcome.share < 1
        ]

    @property
    def known(self) -> list[Judged]:
        """Well-known mistakes that the visible checks see: their authors should be told which it is.

        Those whose id begins with X are near a well-known mistake and are another: they have no name.
        """
        return [one for one in self.wrong if one.visible and not one.slip.id.startswith("X")]

    @property
    def unnamed(self) -> list[Judged]:
        return [one for one in self.known if not one.named]

    @property
    def killed(self) -> int:
        return len(self.wrong) - len(self.survivors)

    @property
    def named(self) -> int:
        return len(self.known) - len(self.unnamed)

    @property
    def scores(self) -> str:
        """The figures in one line."""
        return (
            f"mutation score {self.killed} of {len(self.wrong)}, "
            f"false fails {len(self.failed_right)} of {len(self.right)}, "
            f"named {self.named} of {len(self.known)}"
        )


def measure(assignment: Assignment, seed: int, on_progress: Listener | None = None) -> Quality:
    """Grade all that is known, on all cores."""
    reports: dict[str, Report] = {}
    slips = {slip.id: slip for slip in corpus.slips(assignment)}
    typical = {one.typical for one in corpus.typical(assignment)}
    steps = {f"step {n}": one for n, one in enumerate(corpus.steps(assignment))}
    with tempfile.TemporaryDirectory() as folder, Pool(assignment) as pool:
        jobs = [
            *wrong_jobs(assignment, Path(folder), [seed]),
            *right_jobs(assignment, Path(folder), [seed]),
            *_typical_jobs(assignment, Path(folder), seed),
            *_step_jobs(steps, assignment, Path(folder), seed),
        ]
        for done, (job, report) in enumerate(pool.grade(jobs), 1):
            reports[job.name] = report
            if on_progress is not None:
                on_progress(done, len(jobs), "grading known mistakes and right files")
    names = [job.name for job in jobs]
    return Quality(
        tuple(Judged(slips[name], reports[name]) for name in names if name in slips),
        tuple((name, reports[name]) for name in names if name not in {*slips, *typical, *steps}),
        tuple((name, reports[name]) for name in names if name in typical),
        tuple(
            Stepped(one, tuple(reports[name].questions[0].outcomes)) for name, one in steps.items()
        ),
    )


def wrong_jobs(
    assignment: Assignment, folder: Path, seeds: Sequence[int], double: bool = False
) -> Iterator[Job]:
    """Yield the gradings of every known mistake: on its question and those that come after it."""
    for slip in corpus.slips(assignment):
        path = corpus.lay_out([slip], assignment, folder / "wrong" / slip.id)
        for seed in seeds:
            yield Job(slip.id, path, touched(slip, assignment), seed, double)


def right_jobs(
    assignment: Assignment, folder: Path, seeds: Sequence[int], double: bool = False
) -> Iterator[Job]:
    """Yield the gradings of every right submission, on every question but the one that trains."""
    submissions = {path.name: path for path in corpus.right_files(assignment)}
    for number, variant in enumerate(corpus.variants(assignment)):
        path = folder / "right" / str(number)
        submissions[variant.right] = corpus.lay_out([variant], assignment, path)
    questions = [name for name in assignment.questions if name != TRAINED]
    for seed in seeds:
        for name, path in submissions.items():
            yield Job(name, path, questions, seed, double)


def _typical_jobs(assignment: Assignment, folder: Path, seed: int) -> Iterator[Job]:
    slips = {slip.id: slip for slip in corpus.slips(assignment)}
    questions = [name for name in assignment.questions if name != TRAINED]
    for number, one in enumerate(corpus.typical(assignment)):
        edits = [slips[name] for name in one.slips]
        path = corpus.lay_out(edits, assignment, folder / "typical" / str(number))
        yield Job(one.typical, path, questions, seed)


def _step_jobs(
    steps: Mapping[str, Step], assignment: Assignment, folder: Path, seed: int
) -> Iterator[Job]:
    for name, one in steps.items():
        path = corpus.lay_out_step(one, assignment, folder / name)
        yield Job(name, path, [one.question], seed)


def touched(slip: Slip, assignment: Assignment) -> list[str]:
    """Return the questions that a mistake could cost a mark: its own, and later ones of its file."""
    text = (assignment.solution / slip.file).read_text(encoding="utf-8")
    inside = {region.question for region in regions.regions(text)}
    questions = [name for name in assignment.questions if name in inside]
    return questions[questions.index(slip.costs) :]
