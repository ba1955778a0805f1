"""Commands for a class: grade it, compare two gradings of it, hand its marks on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli.app import app, interrupted_twice
from autograder.cli.asked import (
    boundaries_of,
    earlier_run,
    layers_here,
    mind_confinement,
    questions_of,
    the_kit,
    when_asked,
)
from autograder.errors import KitError

if TYPE_CHECKING:
    from autograder.assignment.config import Assignment
    from autograder.classroom.grading.batch import Graders
    from autograder.classroom.handing_on.feedback import To

AfterDue = Annotated[
    bool, typer.Option("--after-due", help="feedback shows what is shown after the due date")
]
Published = Annotated[
    bool, typer.Option("--published", help="feedback shows what is shown with published marks")
]


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(help="a folder or a zip, one submission a student")],
    out: Annotated[Path, typer.Option(help="the folder for all that comes of it")],
    only: Annotated[list[str] | None, typer.Option(help="some questions: q1,q3")] = None,
    processes: Annotated[
        int | None, typer.Option("-j", help="submissions at a time (default: cores)", min=1)
    ] = None,
    scheduler: Annotated[
        str, typer.Option(help="grade on a Dask cluster instead: tcp://host:8786")
    ] = "",
    against: Annotated[
        Path | None, typer.Option(help="an earlier output: say whose marks change")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="of the inputs (default: the class's own)", min=0)
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="refuse to grade where student code is not confined")
    ] = False,
    after_due: AfterDue = False,
    published: Published = False,
    boundaries: Annotated[
        str, typer.Option(help="points at which grades begin: who is close to one is listed")
    ] = "",
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="an earlier output, to tell mistakes over time; may be repeated"),
    ] = None,
    sections: Annotated[
        Path | None, typer.Option(help="a CSV with the section of each student, for the report")
    ] = None,
    similar: Annotated[
        bool, typer.Option("--similar", help="also list files that are nearly the same")
    ] = False,
) -> None:
    """Grade a class, one row a submission. Stopped at any moment, it goes on from there.

    The folder or zip may be an export of Gradescope, Canvas or Moodle. What is unchanged is graded
    once: after a change of a question's tests, that question alone is graded anew.
    """
    from autograder.classroom.book import ledger
    from autograder.classroom.finding.roster import A_CLASS
    from autograder.classroom.finding.sections import read_sections
    from autograder.classroom.report import compare
    from autograder.cli.terminal import (
        show_class,
        show_moves,
        show_stopped,
        show_when,
        shown_steps,
    )
    from autograder.submission.found import must_exist

    assignment, console = the_kit(is_long=True), Console(highlight=False)
    before = ledger.read_finished(against) if against else None
    questions = tuple(questions_of(only, assignment))
    by_hand = () if only else tuple(assignment.by_hand)
    sheet = assignment.settings.questions
    most = sum(sheet[name].points for name in (*questions, *by_hand))
    bounds = boundaries_of(boundaries, most)
    must_exist(source, A_CLASS)
    in_section = read_sections(sections) if sections else {}
    history = tuple(earlier_run(path, assignment) for path in earlier or ())
    from autograder.classroom.grading.batch import Asked, run  # with torch: a slip is told first

    asked = Asked(questions, seed, before, when_asked(after_due, published), against, by_hand,
                  bounds, similar, history, in_section)  # fmt: skip
    interrupted_twice()
    if strict and scheduler:
        raise KitError("--strict", "it looks at this machine, and a cluster grades on others",
                       "run `autograder doctor` on a worker")  # fmt: skip
    if strict:
        mind_confinement(layers_here(assignment), strict)
    graders = _graders(assignment, processes, scheduler)
    try:
        with shown_steps(tell_left=False) as on_step:
            done = run(assignment, source, out, asked, graders, on_step)
    except KeyboardInterrupt:
        show_stopped(out, Console(stderr=True, highlight=False))
        raise
    show_class(done, out, console)
    show_when(assignment, asked.when, out, console)
    mind_confinement(done.layers, strict)
    if against and before:
        moves = compare.moves(against, before, out, done.batch)
        compare.write(moves, out)
        show_moves(moves, console)


@app.command()
def feedback(
    out: Annotated[Path, typer.Argument(help="the output of a batch")],
    after_due: AfterDue = False,
    published: Published = False,
) -> None:
    """Write every student's feedback anew from the results that are kept; nothing is graded.

    It shows what `show:` in grading.yml, as it is now, lets students see then.
    """
    from autograder.classroom.book import ledger
    from autograder.classroom.report import handouts
    from autograder.cli.terminal import show_feedback

    assignment, when = the_kit(), when_asked(after_due, published)
    ledger.read_finished(out)
    with ledger.opened(out, assignment) as book:
        without = handouts.feedback_anew(book, assignment, when)
    show_feedback(assignment, when, out, without, Console(highlight=False))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="the output of a batch")],
    new: Annotated[Path, typer.Argument(help="the output of another one")],
    table: Annotated[
        Path | None, typer.Option("--csv", help="also write the changes as CSV")
    ] = None,
) -> None:
    """Say whose marks differ between two batches, and by which checks."""
    from autograder.classroom.book import ledger
    from autograder.classroom.report import compare
    from autograder.cli.terminal import show_moves
    from autograder.formats.whole_files import write_whole

    moves = compare.moves(old, ledger.read_finished(old), new, ledger.read_finished(new))
    if table is not None:
        write_whole(compare.as_table(moves), table)
    show_moves(moves, Console(highlight=False))


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="the output of a batch")],
    canvas: Annotated[
        Path | None, typer.Option(help="the gradebook that Canvas has exported")
    ] = None,
    moodle: Annotated[
        Path | None, typer.Option(help="the grading worksheet of a Moodle assignment")
    ] = None,
    gradescope: Annotated[
        bool, typer.Option("--gradescope", help="a table as Gradescope's own")
    ] = False,
    sources: Annotated[
        bool, typer.Option("--sources", help="normalised sources, for MOSS or JPlag")
    ] = False,
    similar: Annotated[
        bool, typer.Option("--similar", help="pairs of submissions to look at")
    ] = False,
    column: Annotated[
        str, typer.Option(help="of the template (default: called as the assignment)")
    ] = "",
    due: Annotated[str, typer.Option(help="the due date: 2026-03-01T23:59+01:00")] = "",
    late_percent: Annotated[
        float, typer.Option(help="of the score, for each day begun after it", min=0, max=100)
    ] = 10,
    late_most: Annotated[
        float, typer.Option(help="percent of the score that lateness costs at most", min=0, max=100)
    ] = 100,
    grace_minutes: Annotated[int, typer.Option(help="that are forgiven", min=0)] = 0,
    dates: Annotated[
        Path | None, typer.Option(help="a CSV: submission,handed_in,due (extensions)")
    ] = None,
    feedback_to: Annotated[
        list[str] | None,
        typer.Option("--feedback", help="moodle, canvas or mail: feedback as it is taken up there"),
    ] = None,
    into: Annotated[Path | None, typer.Option(help="default: exports/ in the output")] = None,
) -> None:
    """Bring the marks of a class into tables of other systems; prepare a search for copies."""
    from autograder.classroom.handing_on import delivery
    from autograder.classroom.handing_on.delivery import Wanted
    from autograder.classroom.handing_on.late import Policy, is_zoneless, moment, read_dates

    day = moment(due, "--due")
    if dates and day is None:
        raise KitError(f"--dates {dates}", "it needs a due date for all others", "add --due DATE")
    policy = None
    if day is not None:
        known = read_dates(dates) if dates else {}
        grace = timedelta(minutes=grace_minutes)
        policy = Policy(day, late_percent, late_most, grace, known, is_zoneless(due))
    wanted = Wanted(
        canvas, moodle, gradescope, sources, similar, column, _places(feedback_to or ())
    )
    console = Console(highlight=False)
    for line in delivery.write(the_kit(), out, into or out / "exports", wanted, policy):
        console.print(line, markup=False, soft_wrap=True)


def _places(named: Sequence[str]) -> tuple[To, ...]:
    from autograder.classroom.handing_on.feedback import To

    known = [to.value for to in To]
    for name in named:
        if name not in known:
            raise KitError(f"--feedback {name}", "feedback does not go there",
                           f"choose from {', '.join(known)}")  # fmt: skip
    return tuple(map(To, named))


def _graders(
    assignment: Assignment, processes: int | None, scheduler: str
) -> AbstractContextManager[Graders]:
    from autograder.grading.pool import Pool

    if not scheduler:
        return Pool(assignment, processes)
    from autograder.classroom.grading.cluster import Cluster

    return Cluster(assignment, scheduler)
