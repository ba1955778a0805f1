"""The time that a submission's code has: for a test, for everything, and for what keeps hanging.

It is counted on the worker's own time: what it runs, and what it waits for by its own doing.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.assignment.config import LimitSettings
from autograder.isolation.clock import Deadline, OwnTime

WALL = 10.0  # times its own time may a call take by the clock on the wall
# What hangs once hangs again. So what has been stopped has less time: a class of such files ends.
AFTER_A_STOP = 0.25  # of a test's time, for the rest of the question, and for later questions
SHORT = 1.0  # seconds: after two stops in a question, and everywhere after that in three questions
SHORTEST = 0.2  # seconds: after so many of them went into stops
MOST_IN_STOPS, ALL_IN_STOPS = 38.0, 52.0  # seconds: short of time, and out of it
HANGING = 2  # stops that make a question one that hangs
MANY_HANGING = 3


@dataclass
class Spent:
    """What a worker, or several, have used, in seconds.

    own      running, or waiting by their own doing
    starved  ready to run, without a processor
    cpu      running
    """

    own: float = 0.0
    starved: float = 0.0
    cpu: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.cpu:.1f} s of processor time, {self.own - self.cpu:.1f} s of its own waiting, "
            f"{self.starved:.1f} s without a processor"
        )

    def plus(self, more: Spent) -> Spent:
        """Return what both are together."""
        return Spent(self.own + more.own, self.starved + more.starved, self.cpu + more.cpu)

    def since(self, before: Spent) -> Spent:
        """Return what was used since then."""
        return Spent(self.own - before.own, self.starved - before.starved, self.cpu - before.cpu)


@dataclass
class Budget:
    """What is left of a submission's time.

    seconds   what the test at hand was given
    spent_by  what each question has spent
    short     questions that have left less time to others than a test has
    """

    limits: LimitSettings
    seconds: float = 0.0
    spent: Spent = field(default_factory=Spent)
    spent_by: dict[str, Spent] = field(default_factory=dict)
    short: set[str] = field(default_factory=set)
    _question: str = ""
    _given: float = 0.0  # for what is at hand
    _left: float = 0.0  # of it
    _stops: Counter[str] = field(default_factory=Counter)  # by question
    _in_stops: float = 0.0  # seconds, with the reloading after them
    _wall: float = 0.0

    def __post_init__(self) -> None:
        self._wall = time.monotonic() + self.limits.seconds_on_the_clock

    def begin(self, question: str, trains: bool) -> None:
        """Give a test its time."""
        self._question = question
        if trains:
            self.seconds = self.limits.seconds_for_training
        else:
            self.seconds = min(self.limits.seconds_per_test, self._shortened())
        self.restart()

    def _shortened(self) -> float:
        stops = self._stops[self._question]
        hanging = sum(count >= HANGING for count in self._stops.values())
        if self._in_stops >= MOST_IN_STOPS:
            return SHORTEST
        if stops >= HANGING or hanging >= MANY_HANGING:
            return SHORT
        if stops or hanging:
            return AFTER_A_STOP * self.limits.seconds_per_test
        return math.inf

    def restart(self, seconds: float | None = None) -> None:
        """Begin anew with the test's time, or with as much as is said."""
        self._given = self._left = self.seconds if seconds is None else seconds

    @property
    def left(self) -> float:
        """Return the seconds that there are for the next call."""
        return max(0.0, min(self._left, self.limits.seconds_in_all - self.spent.own))

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left for anything."""
        return self.spent.own >= self.limits.seconds_in_all or time.monotonic() >= self._wall

    @property
    def is_wasted(self) -> bool:
        """Whether so much went into stops that a question which hangs is not tried again."""
        return bool(self._stops[self._question]) and self._in_stops >= ALL_IN_STOPS

    @contextlib.contextmanager
    def call(self, pid: int) -> Iterator[Deadline]:
        """Give a call to a process what is left, and take from it what was used."""
        began, left = time.monotonic(), self.left
        limit = self._given if left == self._left else self.limits.seconds_in_all
        own_time = OwnTime(pid)
        deadline = Deadline(began + left, min(began + WALL * left, self._wall), limit, own_time)
        try:
            yield deadline
        finally:
            own = time.monotonic() - began - deadline.starved
            self.charge(Spent(own, deadline.starved, own_time.cpu))

    def charge(self, used: Spent) -> None:
        """Take from it what a call has used."""
        self._left -= used.own
        self.spent = self.spent.plus(used)
        self.spent_by[self._question] = self.spent_by.get(self._question, Spent()).plus(used)
        if self.is_used_up:
            self.short.add(self._question)
        if self._stops[self._question]:  # loading again is a part of what a stop costs
            self._in_stops += used.own

    def stopped(self) -> None:
        """Note that a test has run out of time."""
        if not self._stops[self._question]:
            self._in_stops += self.seconds
        self._stops[self._question] += 1
        self.short.add(self._question)
