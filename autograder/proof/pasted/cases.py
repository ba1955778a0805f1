"""The words in which a kit says what would answer its questions, and how an answer is recognised.

A kit has them in tests/corpus/answers.py: for every question what a function may be given, by name,
and what comes out of it where the function does what the question asks for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

import torch
from torch import Tensor

from autograder.assignment.config import Assignment
from autograder.assignment.sources import run_source

FILE = Path("tests", "corpus", "answers.py")
MOST_ITEMS = 50  # of a container that is looked through
DEPTH = 3  # of containers in containers

Given = Mapping[str, object]  # what there is to hand in, by what it is
Right = Callable[[Tensor, Given], bool]


@dataclass(frozen=True)
class Answer:
    """A result that solves a question, or what is hard in it.

    what      it is, as it is named where it is found
    right     whether a tensor is it, for what was given
    not_from  what makes it easy: to one who is given that, it is no answer
    """

    what: str
    right: Right
    not_from: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """One set of drawn inputs, and the answers to it.

    given  makes them anew: whoever gets them may change them
    """

    given: Callable[[], Given]
    answers: Sequence[Answer]


@dataclass(frozen=True)
class Question:
    """What would answer one question.

    families  cases of which a function must answer every one, each drawn for itself: numbers that
              are kept, and not computed, are right in none
    names     further names of what is given, as parameters may be called
    after     what else is given once a function of the same file has made it -> what that answers
    orders    numbers that a function may take in a row, such as a tensor's axes
    """

    id: str
    families: Sequence[Sequence[Case]]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    orders: Sequence[tuple[int, ...]] = ()


def equal_to(numbers: Tensor, atol: float = 1e-5, shaped: bool = False) -> Right:
    """Recognise these numbers, in this order and whatever dtype.

    shaped  only in their own shape, but for axes of length 1
    """
    expected, shape = numbers.detach().double().flatten(), numbers.squeeze().shape

    def right(found: Tensor, given: Given) -> bool:
        if shaped and found.squeeze().shape != shape:
            return False
        return found.numel() == len(expected) and torch.allclose(
            found.detach().double().flatten(), expected, rtol=1e-4, atol=atol
        )

    return right


def copies(given: Given) -> Callable[[], Given]:
    """Make the tensors among what is given anew, as often as it is asked for."""

    def fresh() -> Given:
        return {n: v.clone() if isinstance(v, Tensor) else v for n, v in given.items()}

    return fresh


def questions(assignment: Assignment) -> Sequence[Question]:
    """Return what would answer a kit's questions; nothing where it does not say. Raises KitError."""
    path = assignment.root / FILE
    found: Sequence[Question] = run_source(path).QUESTIONS if path.exists() else ()
    return found


def tensors_in(value: object, depth: int = DEPTH) -> Iterator[Tensor]:
    """Yield what numbers there are in a result, each for itself and those of one list together."""
    if isinstance(value, Tensor):
        if not value.is_complex() and value.layout == torch.strided:
            yield value
    elif isinstance(value, (bool, int, float)):
        yield torch.tensor(float(value))
    elif depth:
        parts = list(itertools.islice(_parts(value), MOST_ITEMS))
        for part in parts:
            yield from tensors_in(part, depth - 1)
        if len(parts) > 1 and all(isinstance(part, (Tensor, int, float)) for part in parts):
            together = [torch.as_tensor(part).detach().double() for part in parts]
            if len({part.shape for part in together}) == 1:
                yield torch.stack(together)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, part.name, None) for part in fields(value))
    elif isinstance(value, (Sequence, Iterator, set)) and not isinstance(value, (str, bytes)):
        yield from value
