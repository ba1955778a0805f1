"""What the terminal shows: how far long work is, and what came of it."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from autograder.assignment.config import Assignment
    from autograder.classroom.grading.batch import Done
    from autograder.classroom.report.compare import Moves
    from autograder.formats.seen import When
    from autograder.isolation.layers import Layer
    from autograder.isolation.workers import Listener
    from autograder.platforms.artefacts.artefact import Artefact
    from autograder.platforms.build import Built
    from autograder.proof.calibrate import Fit, Run
    from autograder.proof.explore.records import Record
    from autograder.proof.promises import Promise
    from checks.telling.outcome import Outcome

MOST_NAMES = 10
HALF_A_MINUTE = 30.0  # between two lines where there is no terminal
AGAIN = "the same as another"
CONFINED = (
    "\nStudent code is confined: it reads its own files and Python's, writes in one folder, "
    "and reaches neither the network nor another process."
)


@contextlib.contextmanager
def shown_progress(
    assignment: Assignment, questions: Sequence[str]
) -> Iterator[tuple[Listener, Callable[[Outcome], None]]]:
    """Yield listeners for training progress and for outcomes, shown as one line on stderr."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def on_outcome(outcome: Outcome) -> None:
            title = assignment.questions[outcome.question].title
            progress.update(task, description=f"{outcome.test}  {title}", total=None)

        def on_progress(done: int, total: int, what: str) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield on_progress, on_outcome


@contextlib.contextmanager
def shown_waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr what is waited for, and for how long; yield what changes the text."""
    columns = (TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=None)
        yield lambda text: progress.update(task, description=text)


@contextlib.contextmanager
def shown_steps(tell_left: bool = True) -> Iterator[Listener]:
    """Yield a listener for steps of long work, shown as one line with a bar on stderr.

    tell_left  False where the steps themselves say how much time is left
    """
    console = Console(stderr=True)
    with _as_bar(console, tell_left) if console.is_terminal else _as_lines(console) as listener:
        yield listener


@contextlib.contextmanager
def _as_bar(console: Console, tell_left: bool) -> Iterator[Listener]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *([TimeRemainingColumn()] if tell_left else []),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda done, total, what: progress.update(
            task, completed=done, total=total, description=what
        )


@contextlib.contextmanager
def _as_lines(console: Console, every: float = HALF_A_MINUTE) -> Iterator[Listener]:
    """Print now and then how far it is: in a log no line changes, and silence looks like a hang."""
    latest = "starting"
    ended = threading.Event()

    def listener(done: int, total: int, what: str) -> None:
        nonlocal latest
        latest = f"{done} of {total}: {what}"

    def tell() -> None:
        while not ended.wait(every):
            console.print(Text(latest), soft_wrap=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield listener
    finally:
        ended.set()
        teller.join()


def show_fits(fits: Sequence[tuple[Run, Fit]], bars: Mapping[int, float], console: Console) -> None:
    """Print what right submissions reached, and the bars that follow from it."""
    table = Table("submission", "epochs", "seeds", "mean", "sd", "least", "fitted bar", box=None)
    for run, fit in fits:
        numbers = (fit.mean, fit.sd, fit.least, fit.bar)
        table.add_row(
            Text(run.variant),
            str(run.epochs),
            str(len(run.accuracy)),
            *(f"{number:.4f}" for number in numbers),
        )
    console.print(table)
    for epochs, bar in bars.items():
        console.print(f"{epochs} epochs: full marks from {bar:.3f} at most")


def show_layers(layers: Sequence[Layer], console: Console) -> None:
    """Print which layers of the confinement hold, and what each missing one means."""
    table = Table("layer", "holds", "what got through", box=None, pad_edge=False)
    for layer in layers:
        table.add_row(layer.name, "yes" if layer.holds else "NO", Text("; ".join(layer.through)))
    console.print(table)
    missing = [layer for layer in layers if not layer.holds]
    if not missing:
        console.print(CONFINED, soft_wrap=True)
    for layer in missing:
        console.print(Text(f"\n{layer.name}: {layer.meaning}"), soft_wrap=True)


def show_explored(records: Sequence[Record], show: int, console: Console) -> None:
    """Print how explored files were judged, those that were judged wrongly, and some messages."""
    table = Table("files", "", box=None, pad_edge=False, show_header=False)
    wrongly = {
        "right, and lost a mark": [one for one in records if one.false_fail],
        "wrong, and lost no mark on its question": [one for one in records if one.survives],
        "wrong, and lost on another question": [one for one in records if one.elsewhere],
    }
    counts = {
        "explored": len(records),
        "right": sum(one.right for one in records),
        "wrong": sum(one.wrong for one in records),
        "undecided, and not graded": sum(one.undecided for one in records),
        **{name: len(some) for name, some in wrongly.items()},
    }
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
    for name, some in wrongly.items():
        for one in some:
            console.print(Text(f"\n{name}: {_explored(one)}"), soft_wrap=True)
    for one in [one for one in records if one.messages][:show]:
        text = "\n\n".join(one.messages)
        console.print(Text(f"\nnumber {one.number}: {_explored(one)}\n{text}"), soft_wrap=True)


def _explored(record: Record) -> str:
    name = record.fragments.get(record.piece, "")
    first = f"number {record.number}, {record.piece} {name}: {record.mutation or 'unchanged'}"
    tests = [test for some in record.lost.values() for test in some]
    lines = [f"law broken: {record.law}" if record.law else "", *tests, record.diff]
    return "\n    ".join([first, *"\n".join(line for line in lines if line).splitlines()])


def show_promise(promise: Promise, console: Console) -> None:
    """Print a line of `autograder check`, what it lists, and what is wrong where it is not kept."""
    answer = "yes" if promise.kept else "NO"
    line = f"{promise.number}  {promise.text:<62}  {answer:<3}  {promise.note}"
    console.print(Text(line), soft_wrap=True)
    for problem in (*promise.told, *promise.problems):
        console.print(Text(f"       {problem}"), soft_wrap=True)


def show_artefacts(artefacts: Iterable[Artefact], console: Console) -> None:
    """Print what can be built, a line each."""
    for artefact in artefacts:
        console.print(Text(f"{artefact.name:13}{artefact.about}"), soft_wrap=True)


def show_built(built: Built, console: Console) -> None:
    """Print where a zip lies, how large it is, its digest, and what to do with it."""
    size = f"{built.zip.size / 1000:,.0f} kB"
    console.print(Text(f"{built.zip.path}  {size}"), soft_wrap=True)
    console.print(Text(f"    SHA-256  {built.zip.sha256}"), soft_wrap=True)
    console.print(Text(f"    {built.artefact.next_step}"), soft_wrap=True)


def show_class(done: Done, out: Path, console: Console) -> None:
    """Print what became of a class, and where its tables and pages lie."""
    from autograder.classroom.book.ledger import Status

    rows = done.batch.rows
    seen: set[str] = set()
    told: Counter[str] = Counter()
    for row in rows:
        again = row.status is Status.GRADED and row.key in seen
        told[AGAIN if again else row.status.value] += 1
        seen.add(row.key)
    order = sorted(told.items(), key=lambda item: (item[0] != Status.GRADED.value, item[0]))
    counts = ", ".join(f"{count} {status}" for status, count in order)
    console.print(Text(f"{len(rows)} submissions: {counts}."), soft_wrap=True)
    for line in _anew(done):
        console.print(Text(line), soft_wrap=True)
    if done.left_out:
        names = ", ".join(done.left_out[:MOST_NAMES])
        more = len(done.left_out) - MOST_NAMES
        rest = f" and {more} more" if more > 0 else ""
        console.print(Text(f"Left out, as no submissions: {names}{rest}."), soft_wrap=True)
    for line in done.decisions:
        console.print(Text(line), soft_wrap=True)
    for name in ("grades.csv", "report.html"):
        console.print(Text(str(out / name)), soft_wrap=True)


def _anew(done: Done) -> Iterator[str]:
    """Yield how many submissions were graded whole, of how many a few questions, and how many not."""
    whole = done.graded - sum(done.partly.values())
    if whole or done.kept or not done.partly:
        yield f"{whole} graded now, {done.kept} taken from earlier runs."
    for questions, count in sorted(done.partly.items()):
        of = f"{', '.join(questions)} of {count} submission{'s' if count > 1 else ''}"
        yield f"{of} graded now, everything else of theirs taken from earlier runs."


def show_when(assignment: Assignment, when: When, out: Path, console: Console) -> None:
    """Where grading.yml keeps something back until later, print what feedback shows, and what next."""
    from autograder.formats.seen import is_kept_back

    if is_kept_back(assignment, when):
        console.print(
            Text(
                f"Feedback holds what may be seen {when.value}, in points as well. Later: "
                f"`autograder feedback {out} --published` (or --after-due)."
            ),
            soft_wrap=True,
        )


def show_feedback(
    assignment: Assignment, when: When, out: Path, without: Sequence[str], console: Console
) -> None:
    """Print what feedback that was written anew shows, and of whom no result is kept."""
    console.print(Text(f"Feedback in {out} shows what may be seen {when.value}."), soft_wrap=True)
    if without:
        said = f"No result is kept of {', '.join(without)}: give the batch again."
        console.print(Text(said), soft_wrap=True)
    show_when(assignment, when, out, console)


def show_stopped(out: Path, console: Console) -> None:
    """Print where all is that was graded until a class was interrupted, and how to go on."""
    said = f"Stopped. What was graded is kept in {out}; the same command goes on from there."
    console.print(Text(said), soft_wrap=True)


def show_moves(moves: Moves, console: Console) -> None:
    """Print whose marks change between two batches, and by which checks."""
    for line in moves.warnings:
        console.print(Text(line), soft_wrap=True)
    if moves.changed:
        table = Table("submission", "student", "from", "to", "by", box=None, pad_edge=False)
        table.columns[2].justify = table.columns[3].justify = "right"
        for move in moves.changed:
            names = (Text(move.submission), Text(move.student))
            table.add_row(*names, f"{move.before:g}", f"{move.after:g}", Text("\n".join(move.by)))
        console.print(table)
    console.print(Text(moves.summary), soft_wrap=True)
