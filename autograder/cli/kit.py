"""Commands for the kit itself: prove it, measure it, write what is handed out and uploaded."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli.app import app
from autograder.cli.asked import questions_of, the_kit
from autograder.errors import KitError

if TYPE_CHECKING:
    from autograder.assignment.config import Assignment


class Zip(str, Enum):
    """What can be built."""

    STUDENT = "student"
    GRADESCOPE = "gradescope"
    OTTER = "otter"
    PRAIRIELEARN = "prairielearn"
    AUTOLAB = "autolab"
    CLASSROOM = "classroom"
    DOCKER = "docker"
    NBGRADER = "nbgrader"


@app.command()
def check(
    training: Annotated[bool, typer.Option(help="also train: the accuracy mark")] = True,
    write: Annotated[
        bool, typer.Option("--write", help="write the figures into README.md and docs/grading.md")
    ] = False,
) -> None:
    """Prove that skeleton, solution, tests, points and figures agree. Status 1 if they do not."""
    if not _promises_kept(the_kit(is_long=True), training, write=write):
        raise typer.Exit(1)


@app.command(name="calibrate")
def calibrate_(
    tolerances: Annotated[
        bool, typer.Option("--tolerances", help="measure the tolerances of the tests instead")
    ] = False,
    seeds: Annotated[int, typer.Option(help="of each submission", min=3)] = 30,
    only: Annotated[
        list[str] | None, typer.Option(help="with --tolerances: some questions, such as q1,q3")
    ] = None,
) -> None:
    """Measure what accuracy right submissions reach, over many seeds, and fit the bars to it.

    Takes an hour or more. What is known is kept as it comes: an interrupted run goes on from there.
    """
    from autograder.cli.terminal import show_fits, shown_steps
    from autograder.proof import calibrate, frontier
    from autograder.proof import tolerances as margins

    assignment, console = the_kit(is_long=True), Console(highlight=False)
    if tolerances:
        questions = questions_of(only, assignment) if only else []
        with shown_steps() as on_step:
            certificate = margins.measure(assignment, seeds, on_step, questions)
        margins.write(certificate, assignment)
        found = certificate.lost + margins.near(certificate.tests, margins.excused(assignment))
        console.print(f"{margins.FILE}: {len(certificate.tests)} tests, {seeds} seeds")
    else:
        runs = calibrate.Runs(assignment.root / calibrate.FILE)
        with shown_steps() as on_step:
            calibrate.measure(assignment, seeds, runs, on_step)
            broken = calibrate.Runs(assignment.root / frontier.BROKEN)
            calibrate.measure_broken(assignment, calibrate.SEEDS_OF_BROKEN, broken, on_step)
        frontier.draw(frontier.told(assignment), assignment.root / frontier.FIGURE)
        calibrate.draw(assignment, runs, assignment.root / calibrate.FIGURE)
        found = calibrate.too_high(assignment, list(runs))
        show_fits(calibrate.fits(assignment, runs), calibrate.bars(assignment, runs), console)
    for line in found:
        console.print(line, markup=False, soft_wrap=True)
    console.print("Then run `autograder check --write`: it brings the figures into the pages.")
    if found:
        raise typer.Exit(1)


@app.command(name="explore")
def explore_(
    files: Annotated[int, typer.Option(help="how many files", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="the same seed, the same files")] = 0,
    out: Annotated[
        Path, typer.Option(help="where each file's result is appended to, as a line of JSON")
    ] = Path("explored.jsonl"),
    show: Annotated[int, typer.Option(help="print what the authors of so many would read")] = 0,
    processes: Annotated[
        int | None, typer.Option(help="graders at a time; one a core if it is not said", min=1)
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="write one file of the seed into this folder, and no more")
    ] = None,
    number: Annotated[int, typer.Option(help="with --write: which one", min=0)] = 0,
    keep: Annotated[
        bool, typer.Option("--keep", help="enter the score into tests/corpus/explored.json")
    ] = False,
) -> None:
    """Judge files that nobody wrote: right fragments put together, most with one place changed.

    An oracle that shares no code with the tests says which are right. Status 1 if a right file
    loses a mark, or a wrong one none. What is known is kept as it comes: an interrupted run goes on
    from there. Look at one by `autograder explore --seed 0 --number 17 --write FOLDER`.
    """
    from autograder.cli.terminal import show_explored, shown_steps
    from autograder.proof.explore import scores

    try:
        from autograder.proof.explore.composing import compose
        from autograder.proof.explore.running import explore
    except ImportError as error:
        raise KitError("autograder explore", f"{error.name} is not installed",
                       "pip install -c constraints.txt -e '.[test]'") from None  # fmt: skip

    assignment, console = the_kit(is_long=True), Console(highlight=False)
    if write is not None:
        composed = compose(assignment, seed, number)
        composed.write(write)
        console.print(
            f"{write}: {composed.piece} {composed.mutation}\n{composed.diff}", markup=False
        )
        return
    with shown_steps() as on_step:
        found = explore(assignment, seed, files, out, on_step, processes)
    show_explored(found, show, console)
    if keep:
        scores.keep(assignment.root, scores.score(found))
        console.print("Then run `autograder check --write`: it brings the score into the pages.")
    if any(one.false_fail or one.survives for one in found):
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
    list_: Annotated[
        bool, typer.Option("--list", help="say what can be built, one line each, and build nothing")
    ] = False,
) -> None:
    """Write the zips to hand out and to upload into dist/. `--list` says what there is."""
    from autograder.cli.terminal import show_artefacts, show_built
    from autograder.platforms.build import ARTEFACTS, build, warnings

    console = Console(highlight=False)
    if list_:
        show_artefacts(ARTEFACTS.values(), console)
        return
    assignment = the_kit(is_long=True)
    if check and not _promises_kept(assignment, training=True, stop=True):
        raise KitError("autograder build", "nothing was built: a promise above is broken",
                       "mend it, or build with --no-check")  # fmt: skip
    names, left_out = [one.value for one in what or Zip], []
    for warning in warnings(assignment, names):
        console.print(f"Warning: {warning}\n", markup=False, soft_wrap=True)
    for name in names:
        try:
            for built in build(assignment, [name], out):
                show_built(built, console)
        except KitError as error:  # what does not suit one platform is nothing to the others
            if len(names) == 1:
                raise
            console.print(f"{name}.zip was not built: {error}", markup=False, soft_wrap=True)
            left_out.append(name)
    if left_out:
        raise KitError("autograder build", f"not built: {', '.join(left_out)}",
                       "mend what is told above, or name the zips that you need")  # fmt: skip


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
    """Write what is generated in student/ anew from solution/ and grading.yml."""
    from autograder.formats.whole_files import write_whole
    from autograder.handout import editions, skeleton

    console = Console(highlight=False)
    assignment = the_kit()
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
        console.print("student/ is what solution/ and grading.yml generate.")
    else:
        changed = skeleton.write(assignment)
        console.print("\n".join(changed) if changed else "Nothing had changed.", markup=False)
        for line in assignment.surprises:
            console.print(f"Note: {line}", markup=False, soft_wrap=True)


@app.command()
def figures() -> None:
    """Draw the handout's figures anew into student/figures/. Trains the solution: half a minute."""
    from autograder.handout.figures import write

    assignment = the_kit(is_long=True)
    for path in write(assignment):
        Console(highlight=False).print(path.relative_to(assignment.root), markup=False)


def _outside(path: Path, assignment: Assignment) -> Path:
    if path.resolve().is_relative_to(assignment.student.resolve()):
        raise KitError(f"--solved {path}", "it would lie in student/, which is handed out",
                       "name a file somewhere else")  # fmt: skip
    return path
