"""The command line: a handful of verbs."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.assignment.config import Assignment, load
from autograder.errors import KitError

if TYPE_CHECKING:
    from autograder.classroom.grading.batch import Graders
    from autograder.grading.report import Report
    from autograder.isolation.doctor import Layer


class Zip(str, Enum):
    """What can be built."""

    STUDENT = "student"
    GRADESCOPE = "gradescope"
    OTTER = "otter"


INTERRUPTED = 130  # what a shell reports for Ctrl-C

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Grade the ViT-from-scratch assignment, and keep its parts in step.\n\n"
    "Start with `autograder check`: it tells you whether the kit is fit to hand out.",
)


def main() -> None:
    """Run a command; a KitError is told in three lines, without a traceback, with status 2."""
    try:
        if not hasattr(socket, "send_fds"):
            raise KitError(
                "autograder",
                "grading needs fork and descriptor passing, which this system has not",
                "use Linux or macOS, or WSL; `pytest student/` works everywhere",
            )
        app()
    except KitError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:  # before or after the tests: what was written stays
        sys.exit(INTERRUPTED)


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="a folder, a zip, a .py or a .ipynb")],
    json: Annotated[Path | None, typer.Option(help="also write Gradescope's results.json")] = None,
    junit: Annotated[Path | None, typer.Option(help="also write JUnit's XML")] = None,
    prairielearn: Annotated[
        Path | None, typer.Option(help="also write PrairieLearn's results.json")
    ] = None,
    autolab: Annotated[
        bool, typer.Option("--autolab", help="end with the line of JSON that Autolab reads")
    ] = False,
    all_or_1: Annotated[
        bool,
        typer.Option(
            "--all-or-1", help="status 1 unless all points are earned, for GitHub Classroom"
        ),
    ] = False,
    only: Annotated[str, typer.Option(help="some questions: q1,q3")] = "",
    seed: Annotated[
        int | None, typer.Option(help="replay a run (default: a new one)", min=0)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="another MNIST, a folder with MNIST/raw/ in it")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="refuse to grade where student code is not confined")
    ] = False,
) -> None:
    """Grade one submission and print the report. A low score is no error: the status is 0."""
    from autograder.cli.terminal import show, shown_progress
    from autograder.formats import emitters
    from autograder.formats.gradescope import results, write_json, write_whole
    from autograder.grading.grade import Grader
    from autograder.grading.report import not_run

    assignment = load()
    seed = secrets.randbelow(10**6) if seed is None else seed
    questions = _questions(only, assignment)

    def keep(report: Report) -> None:
        if json is not None:
            write_json(results(report, assignment.settings.gradescope), json)

    def keep_if_possible(report: Report) -> None:
        with contextlib.suppress(KitError):  # the disk may be full for a moment: the end will tell
            keep(report)

    keep(not_run(assignment, questions, seed))
    # A platform that ends us because of its own limit is answered as Ctrl-C is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        Grader(assignment, _data(data)) as grader,
        shown_progress(assignment, questions) as (on_progress, on_outcome),
    ):
        _mind_confinement(grader.layers, strict)
        report = grader.grade(path, questions, seed, on_progress, on_outcome, keep_if_possible)
    # What Autolab and GitHub Classroom print, students read.
    show(report, Console(highlight=False), as_student=autolab or all_or_1)
    keep(report)
    if junit is not None:
        write_whole(emitters.junit(report), junit)
    if prairielearn is not None:
        write_json(emitters.prairielearn(report), prairielearn)
    if autolab:
        sys.stdout.write(f"{emitters.autolab(report)}\n")
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if all_or_1 and report.points < report.max_points:
        raise typer.Exit(1)


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(help="a folder or a zip, one submission a student")],
    out: Annotated[Path, typer.Option(help="the folder for all that comes of it")],
    only: Annotated[str, typer.Option(help="some questions: q1,q3")] = "",
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
) -> None:
    """Grade a class, one row a submission. Stopped at any moment, it goes on from there.

    The folder or zip may be an export of Gradescope, Canvas or Moodle. An unchanged submission is
    graded once; a changed one, or all after a change of the tests, anew.
    """
    from autograder.classroom.book import ledger
    from autograder.classroom.grading.batch import Asked, run
    from autograder.classroom.report import compare
    from autograder.cli.terminal import show_class, show_moves, shown_steps

    assignment, console = load(), Console(highlight=False)
    before = ledger.read_finished(against) if against else None
    asked = Asked(tuple(_questions(only, assignment)), seed, before)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if strict and scheduler:
        raise KitError("--strict", "it looks at this machine, and a cluster grades on others",
                       "run `autograder doctor` on a worker")  # fmt: skip
    if strict:
        _mind_confinement(_layers(assignment), strict)
    with shown_steps() as on_step:
        done = run(
            assignment, source, out, asked, _graders(assignment, processes, scheduler), on_step
        )
    show_class(done, out, console)
    _mind_confinement(done.layers, strict)
    if against and before:
        moves = compare.moves(against, before, out, done.batch)
        compare.write(moves, out)
        show_moves(moves, console)


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
    from autograder.formats.gradescope import write_whole

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
    into: Annotated[Path | None, typer.Option(help="default: exports/ in the output")] = None,
) -> None:
    """Bring the marks of a class into tables of other systems; prepare a search for copies."""
    from autograder.classroom.handing_on import delivery
    from autograder.classroom.handing_on.delivery import Wanted
    from autograder.classroom.handing_on.late import Policy, moment, read_dates

    day = moment(due, "--due")
    if dates and day is None:
        raise KitError(f"--dates {dates}", "it needs a due date for all others", "add --due DATE")
    policy = None
    if day is not None:
        known = read_dates(dates) if dates else {}
        grace = timedelta(minutes=grace_minutes)
        policy = Policy(day, late_percent, late_most, grace, known)
    wanted = Wanted(canvas, moodle, gradescope, sources, similar, column)
    console = Console(highlight=False)
    for line in delivery.write(load(), out, into or out / "exports", wanted, policy):
        console.print(line, markup=False, soft_wrap=True)


@app.command()
def doctor() -> None:
    """Try what a student's code could do on this machine, and say what each missing layer means."""
    from autograder.cli.terminal import show_layers

    show_layers(_layers(load()), Console(highlight=False))


@app.command()
def check(
    training: Annotated[bool, typer.Option(help="also train: the accuracy mark")] = True,
    write: Annotated[
        bool, typer.Option("--write", help="write the figures into README.md and docs/grading.md")
    ] = False,
) -> None:
    """Prove that skeleton, solution, tests, points and figures agree. Status 1 if they do not."""
    if not _promises_kept(load(), training, write=write):
        raise typer.Exit(1)


@app.command(name="calibrate")
def calibrate_(
    tolerances: Annotated[
        bool, typer.Option("--tolerances", help="measure the tolerances of the tests instead")
    ] = False,
    seeds: Annotated[int, typer.Option(help="of each submission", min=3)] = 30,
    only: Annotated[
        str, typer.Option(help="with --tolerances: some questions, such as q1,q3")
    ] = "",
) -> None:
    """Measure what accuracy right submissions reach, over many seeds, and fit the bars to it.

    Takes an hour or more. What is known is kept as it comes: an interrupted run goes on from there.
    """
    from autograder.cli.terminal import show_fits, shown_steps
    from autograder.proof import calibrate
    from autograder.proof import tolerances as margins

    assignment, console = load(), Console(highlight=False)
    if tolerances:
        questions = _questions(only, assignment) if only else []
        with shown_steps() as on_step:
            certificate = margins.measure(assignment, seeds, on_step, questions)
        margins.write(certificate, assignment)
        found = certificate.lost + margins.near(certificate.tests, margins.excused(assignment))
        console.print(f"{margins.FILE}: {len(certificate.tests)} tests, {seeds} seeds")
    else:
        runs = calibrate.Runs(assignment.root / calibrate.FILE)
        with shown_steps() as on_step:
            calibrate.measure(assignment, seeds, runs, on_step)
        calibrate.draw(assignment, runs, assignment.root / calibrate.FIGURE)
        found = calibrate.too_high(assignment, list(runs))
        show_fits(calibrate.fits(assignment, runs), calibrate.bars(assignment, runs), console)
    for line in found:
        console.print(line, markup=False, soft_wrap=True)
    console.print("Then run `autograder check --write`: it brings the figures into the pages.")
    if found:
        raise typer.Exit(1)


@app.command()
def build(
    what: Annotated[
        list[Zip] | None, typer.Argument(help="some of them; none named: all", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="the folder to write them into")] = Path("dist"),
    check: Annotated[
        bool, typer.Option(help="first prove that the kit is fit to hand out, which takes minutes")
    ] = True,
) -> None:
    """Write the zips to hand out and to upload into dist/: student, gradescope, otter."""
    from autograder.cli.terminal import show_built
    from autograder.platforms.build import build, warnings

    assignment = load()
    console = Console(highlight=False)
    if check and not _promises_kept(assignment, training=True, stop=True):
        raise KitError("autograder build", "nothing was built: a promise above is broken",
                       "mend it, or build with --no-check")  # fmt: skip
    for warning in warnings(assignment):
        console.print(f"Warning: {warning}\n", markup=False, soft_wrap=True)
    names = [one.value for one in what or Zip]
    for built in build(assignment, names, out):
        show_built(built, console)


def _promises_kept(
    assignment: Assignment, training: bool, stop: bool = False, write: bool = False
) -> bool:
    """Print every promise of the kit as soon as it is known; return whether all are kept.

    stop   at the first that is not
    write  the figures into the pages
    """
    from autograder.cli.terminal import show_promise, shown_waiting
    from autograder.proof.promises import promises

    console, kept = Console(highlight=False), True
    with shown_waiting("proving the kit: training takes a minute") as waiting:

        def on_progress(done: int, total: int, what: str) -> None:
            waiting(f"{what}: {done} of {total}")

        for promise in promises(assignment, training, on_progress, write):
            kept = kept and promise.kept
            show_promise(promise, console)
            waiting(f"proving what comes after promise {promise.number}")
            if stop and not kept:
                break
    return kept


@app.command()
def student(
    check: Annotated[bool, typer.Option("--check", help="only compare, change nothing")] = False,
    solved: Annotated[
        Path | None, typer.Option(help="write the notebook with the solution in it, and no more")
    ] = None,
) -> None:
    """Write student/ anew from solution/, tests/public and tests/checks."""
    from autograder.formats.gradescope import write_whole
    from autograder.handout import editions, skeleton

    console = Console(highlight=False)
    assignment = load()
    if solved is not None:
        write_whole(
            editions.notebook(assignment, solved=True).encode(), _outside(solved, assignment)
        )
        console.print(f"{solved}: not for students", markup=False)
    elif check:
        found = skeleton.differences(assignment)
        for line in found:
            console.print(line, markup=False, soft_wrap=True)
        if found:
            console.print("To mend it: run `autograder student`.")
            raise typer.Exit(1)
        console.print("student/ is what solution/ and tests/ generate.")
    else:
        changed = skeleton.write(assignment)
        console.print("\n".join(changed) if changed else "Nothing had changed.", markup=False)


@app.command()
def figures() -> None:
    """Draw the handout's figures anew into student/figures/. Trains the solution: some minutes."""
    from autograder.handout.figures import write

    assignment = load()
    for path in write(assignment):
        Console(highlight=False).print(path.relative_to(assignment.root), markup=False)


def _outside(path: Path, assignment: Assignment) -> Path:
    if path.resolve().is_relative_to(assignment.student.resolve()):
        raise KitError(f"--solved {path}", "it would lie in student/, which is handed out",
                       "name a file somewhere else")  # fmt: skip
    return path


def _questions(only: str, assignment: Assignment) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in assignment.questions:
            known = ", ".join(assignment.questions)
            raise KitError(f"--only {only}", f"there is no question {name}", f"choose from {known}")
    return [name for name in assignment.questions if not names or name in names]


def _layers(assignment: Assignment) -> Sequence[Layer]:
    from autograder.isolation.doctor import layers
    from autograder.isolation.forks import ForkServer

    server = ForkServer()
    try:
        return layers(server, assignment)
    finally:
        server.close()


def _graders(
    assignment: Assignment, processes: int | None, scheduler: str
) -> AbstractContextManager[Graders]:
    from autograder.grading.pool import Pool

    if not scheduler:
        return Pool(assignment, processes)
    from autograder.classroom.grading.cluster import Cluster

    return Cluster(assignment, scheduler)


def _mind_confinement(layers: Sequence[Layer], strict: bool) -> None:
    """Warn where a student's code could read answers; with --strict, refuse any open layer."""
    from autograder.isolation.doctor import NEEDED, READING

    missing = [layer for layer in layers if not layer.holds and layer.name in NEEDED]
    if strict and missing:
        names = ", ".join(layer.name for layer in missing)
        raise KitError("--strict", f"student code is not confined here: {names}",
                       "see `autograder doctor`, or grade in a container on Linux")  # fmt: skip
    for layer in missing:
        if layer.name == READING:
            warning = f"Warning: {layer.meaning}\nSee `autograder doctor`."
            Console(stderr=True, highlight=False).print(warning, markup=False, soft_wrap=True)


def _data(path: Path | None) -> Path | None:
    if path is not None and not (path / "MNIST" / "raw").is_dir():
        raise KitError(f"--data {path}", "there is no MNIST/raw/ in it",
                       "name the folder that torchvision's MNIST(root) takes")  # fmt: skip
    return path
