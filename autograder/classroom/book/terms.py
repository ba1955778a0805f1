"""Know what may be used again: a report's record, and that of each of its questions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec

from autograder import __version__
from autograder.assignment.bearing import bearing, reached
from autograder.assignment.config import Assignment
from autograder.grading.report import QuestionResult, Report
from autograder.grading.suite import footing
from autograder.submission.reading import Parcel
from checks.telling.wording import Verdict


@dataclass(frozen=True)
class Terms:
    """What records depend on, apart from what was handed in.

    suite    digest of all that decides about marks
    alone    by question: a digest of what its verdict rests on
    grounds  by question: those asked for on which it stands, also by way of others
    """

    suite: str
    version: str
    seed: int
    questions: tuple[str, ...]
    alone: Mapping[str, str]
    grounds: Mapping[str, frozenset[str]]

    def key(self, content: str) -> str:
        """Return the name of the record of a submission with this digest."""
        return f"{content}-{_digest(self.suite, self.version, str(self.seed), *self.questions)}"

    @property
    def together(self) -> Mapping[str, str]:
        """By question: a digest of what all of them rest on, for verdicts that hang together."""
        return {name: _digest(name, *sorted(self.alone.values())) for name in self.questions}

    def stamped(self, report: Report) -> Report:
        """Return a report in which each question has the key under which it may be used again.

        None has what is to be graded again, or was judged without the question that it stands on.
        """
        faulty = {q.id for q in report.questions if q.verdict is Verdict.OUR_FAULT}
        if report.interrupted or report.too_busy or (report.is_bound and faulty):
            keys: Mapping[str, str] = {}
        elif report.is_bound:
            keys = self.together
        else:
            keys = {name: key for name, key in self.alone.items()
                    if not faulty & {name, *self.grounds[name]}}  # fmt: skip
        stamped = (replace(one, key=keys.get(one.id, "")) for one in report.questions)
        return replace(report, questions=tuple(stamped))

    def kept(self, reports: Iterable[Report]) -> Kept:
        """Return what may be used again of these reports on one submission, the latest first."""
        known, together, latest = dict[str, QuestionResult](), self.together, None
        for report in reports:
            for one in report.questions:
                if one.id in self.alone and one.key in (self.alone[one.id], together[one.id]):
                    latest = latest or report
                    known.setdefault(one.id, one)
            if len(known) == len(self.questions):
                break
        return Kept(known, latest)

    def missing(self, kept: Kept) -> tuple[str, ...]:
        """Return the questions that must be graded. With one go those on which it stands."""
        missing = [name for name in self.questions if name not in kept.questions]
        needed = set(missing).union(*(self.grounds[name] for name in missing))
        return tuple(name for name in self.questions if name in needed)

    def hang_together(self, report: Report) -> bool:
        """Whether a report that was put together can only be had from one grading of them all."""
        together = self.together
        return report.is_bound and any(one.key != together[one.id] for one in report.questions)


@dataclass(frozen=True)
class Kept:
    """What earlier gradings of a submission leave to be used again.

    latest  the report that something was taken from; None if nothing was
    """

    questions: Mapping[str, QuestionResult]
    latest: Report | None


NOTHING = Kept({}, None)


def terms_of(assignment: Assignment, suite: str, seed: int, questions: tuple[str, ...]) -> Terms:
    """Return what records depend on, where these questions of a kit are graded."""
    rests = footing(assignment)
    leads_to = dict(rests.grounds)
    for name in rests.trained:  # of one run: a second try is not made when there was no time for it
        leads_to[name] = {*leads_to.get(name, ()), *rests.trained}
    own = bearing(assignment, rests.trained)
    grounds = {name: frozenset(reached([name], leads_to) & set(questions) - {name})
               for name in questions}  # fmt: skip
    alone = {
        name: _digest(__version__, str(seed), own[name], *(f"{g} {own[g]}" for g in sorted(of)))
        for name, of in grounds.items()
    }
    return Terms(suite, __version__, seed, questions, alone, grounds)


def digest(parcel: Parcel) -> str:
    """Return a digest that differs if anything differs that a grading could depend on."""
    whole = hashlib.sha256(msgspec.json.encode([parcel.sources, parcel.notes, parcel.refused]))
    for name, content in sorted(parcel.files.items()):
        whole.update(f"{name}\n{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:32]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
