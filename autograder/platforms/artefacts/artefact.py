"""What a zip is: its files, and what an instructor should know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.assignment.config import Assignment
from autograder.platforms.bundle import File


@dataclass(frozen=True)
class Artefact:
    """A zip that can be built.

    about      what it is, in a line
    files      returns what lies in it, by path; it may raise KitError
    next_step  what to do with it
    """

    name: str
    about: str
    files: Callable[[Assignment], dict[str, File]]
    next_step: str
