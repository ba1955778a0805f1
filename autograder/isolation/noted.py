"""What comes up while a question is tested, beside the outcomes of its tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.isolation.budget import Spent


@dataclass(frozen=True)
class Noted:
    """What comes up while a question is tested, beside the outcomes of its tests.

    notes    on how the files were loaded, for their author
    refused  forbidden calls that were met, for the teacher
    faults   digests of what makes a file unusable: only the first question that meets it says what
    stopped  whether its code ran out of time, which leaves less of it to other questions
    spent    what its workers have used
    """

    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    stopped: bool = False
    spent: Spent = field(default_factory=Spent)
