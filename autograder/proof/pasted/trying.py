"""Try one function: call it with what a question gives, in every way, and look at what comes out."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType, FunctionType

import torch

from autograder.proof.pasted.cases import Answer, Case, Question, tensors_in
from autograder.proof.pasted.choosing import NUMBER, Attempt, Chooser, bound, slots
from autograder.proof.pasted.collecting import Candidate

SECONDS = 1.0  # for one call: it is given a few small tensors
SECONDS_IN_ALL = 4.0  # of the processor's, for one function and question

Instances = Callable[[type], Sequence[object]]


class TooLong(BaseException):
    """A call has had its time. No `except Exception` of the function's keeps it."""


@dataclass(frozen=True)
class Found:
    """A function that gives an answer.

    place  of the function among all
    what   it answers
    call   how, in words
    """

    place: int
    what: str
    call: str


def tried(
    candidate: Candidate,
    place: int,
    questions: Sequence[Question],
    instances: Instances,
    made_by: Mapping[str, str],
) -> list[Found]:
    """Return what a function answers, each answer once.

    made_by  what else is given, because a function of the file makes it -> how that is called; with
             any, the function must use it
    """
    signal.signal(signal.SIGALRM, _too_long)
    found: dict[str, Found] = {}
    for question in questions:
        until = time.process_time() + SECONDS_IN_ALL
        for must in made_by or ("",):
            for attempt, answer in _answered(candidate, question, instances, must, until):
                if question.after.get(must) == answer.what:
                    continue  # it was given that
                call = f"{candidate.name}({attempt.call})"
                if must:
                    call += f", with what {made_by[must]} gives,"
                found.setdefault(answer.what, Found(place, answer.what, call))
    return list(found.values())


def _answered(
    candidate: Candidate, question: Question, instances: Instances, must: str, until: float
) -> Iterator[tuple[Attempt, Answer]]:
    """Yield ways to call a function that answer every case of a family."""
    for function in candidate.seen or (None,):
        taken = slots(candidate, function)
        for first, *others in question.families:
            chooser = Chooser(question, first.given(), instances)
            for attempt in chooser.attempts(taken, must):
                if time.process_time() > until:
                    return
                for number in _right(candidate, function, attempt, first):
                    if all(number in _right(candidate, function, attempt, o) for o in others):
                        yield attempt, first.answers[number]


def _right(
    candidate: Candidate, function: FunctionType | None, attempt: Attempt, case: Case
) -> list[int]:
    """Return which of a case's answers come out of a call."""
    given = case.given()
    numbers = {slot.name: slot.default for slot, _ in attempt.fillings if slot.kind == NUMBER}
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.set_grad_enabled(True)  # an earlier one may have left it off
            results = list(tensors_in(bound(candidate, function, attempt, given)()))
            return [
                number
                for number, answer in enumerate(case.answers)
                if not answer.not_from & attempt.keys
                and any(answer.right(result, given) for result in results)
            ]
    except BaseException:  # a function that is called wrongly may raise, or end, by anything
        return []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        vars(candidate.module).update(numbers)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong
