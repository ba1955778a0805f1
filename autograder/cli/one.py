"""Commands that look at one submission, or at this machine."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli.app import INTERRUPTED, app, interrupted_twice
from autograder.cli.asked import data_folder, layers_here, mind_confinement, questions_of, the_kit
from autograder.errors import KitError
from autograder.isolation.forking.early import start_over

if TYPE_CHECKING:
    from autograder.grading.report import Report


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
    only: Annotated[list[str] | None, typer.Option(help="some questions: q1,q3")] = None,
    seed: Annotated[
        int | None, typer.Option(help="replay a run (default: a new one)", min=0)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="other digits: a folder that torchvision could read them from"),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="refuse to grade where student code is not confined")
    ] = False,
) -> None:
    """Grade one submission and print the report. A low score is no error: the status is 0."""
    from autograder.cli.terminal import shown_progress
    from autograder.formats import emitters
    from autograder.formats.gradescope import results
    from autograder.formats.seen import When
    from autograder.formats.text import show
    from autograder.formats.whole_files import as_json, write_whole
    from autograder.grading.report import not_run
    from autograder.submission.found import must_exist

    assignment = the_kit(is_long=True)
    seed = secrets.randbelow(10**6) if seed is None else seed
    questions = questions_of(only, assignment)

    def as_gradescope(report: Report) -> bytes:
        return as_json(results(report, assignment.settings.gradescope))

    def as_prairielearn(report: Report) -> bytes:
        return as_json(emitters.prairielearn(report))

    formats = ((json, as_gradescope), (junit, emitters.junit), (prairielearn, as_prairielearn))

    def kept(report: Report) -> list[KitError]:
        """Write each file that is asked for, whatever becomes of the others."""
        errors = []
        for place, written in formats:
            try:
                if place is not None:
                    write_whole(written(report), place)
            except KitError as error:
                errors.append(error)
        return errors

    def keep_if_possible(report: Report) -> None:
        kept(report)  # the disk may be full for a moment: the end will tell

    interrupted_twice()
    # Each is there from now on; one that cannot be written is told before anything is graded.
    for error in kept(not_run(assignment, questions, seed)):
        raise error
    must_exist(path)
    digits = data_folder(data)
    start_over("autograder")  # torch takes seconds: a slip is told first
    from autograder.grading.grade import Grader

    with (
        Grader(assignment, digits) as grader,
        shown_progress(assignment, questions) as (on_progress, on_outcome),
    ):
        mind_confinement(grader.layers, strict)
        report = grader.grade(path, questions, seed, on_progress, on_outcome, keep_if_possible)
        keep_if_possible(report)  # before anything is printed: that may be interrupted, too
    # What Autolab and GitHub Classroom print, students read.
    show(report, Console(highlight=False), When.BEFORE_DUE if autolab or all_or_1 else None)
    errors = kept(report)
    if autolab:
        sys.stdout.write(f"{emitters.autolab(report)}\n")
    for error in errors:
        raise error
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if all_or_1 and report.points < report.max_points:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Try what a student's code could do on this machine, and say what each missing layer means."""
    from autograder.cli.terminal import show_layers

    show_layers(layers_here(the_kit()), Console(highlight=False))
