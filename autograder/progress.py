"""Show how far a grading is, on a terminal and only there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.config import Assignment
from autograder.remote import Listener
from checks.outcome import Outcome


@contextlib.contextmanager
def shown_progress(
    assignment: Assignment, questions: Sequence[str]
) -> Iterator[tuple[Listener, Callable[[Outcome], None]]]:
    """Yield listeners for training progress and for outcomes, shown as one line on stderr."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def on_outcome(outcome: Outcome) -> None:
            title = assignment.questions[outcome.question].title
            progress.update(task, description=f"{outcome.test}  {title}", total=None)

        def on_progress(done: int, total: int, what: str) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield on_progress, on_outcome
