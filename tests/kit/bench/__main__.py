"""Measure what the kit costs, and compare it with the last release: `make bench`.

    PYTHONPATH=tests .venv/bin/python -m kit.bench --only checks,calls
    PYTHONPATH=tests .venv/bin/python -m kit.bench --save

Status 1 if a figure is worse than at the release by more than the ratio, in three runs of three.
"""

from __future__ import annotations

import datetime
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from autograder import __version__
from autograder.errors import KitError
from kit.bench import a_class, at_home, figures, grading, isolated
from kit.bench.figures import Compared, Figure, Release, Verdict, unmeasured, until_sure
from kit.bench.processes import CommandFailed

MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "waiting": at_home.waiting,
    "workers": isolated.workers,
    "calls": isolated.calls,
    "checks": grading.checks,
    "everything": grading.everything,
    "memory": grading.memory,
    "platforms": grading.platforms,
    "throughput": a_class.throughput,
    "scaling": a_class.scaling,
}


def main(
    only: Annotated[str, typer.Option(help=f"some of: {', '.join(MEASUREMENTS)}")] = "",
    save: Annotated[bool, typer.Option(help="keep these figures as the release's")] = False,
    file: Annotated[Path, typer.Option(help="where they are kept")] = figures.RELEASED,
) -> None:
    """Measure, print a table, and say whether something has become worse."""
    console = Console()
    if not console.is_terminal:
        console.width = 160  # a log is as wide as the table
    rows: list[Compared] = []
    try:
        names, kept = chosen(only), figures.read(file)
        before = kept.by_name if kept else {}
        for name in names:
            rows += until_sure(lambda name=name: measured(name, console), before)
            if save:  # what is measured stays, whatever ends the rest
                figures.write(release(rows, kept), file)
    except (KitError, CommandFailed) as error:
        console.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if names == list(MEASUREMENTS):
        rows += unmeasured(rows, before)
    console.print(table(rows, kept))
    if any(row.verdict is Verdict.WORSE for row in rows):
        raise typer.Exit(1)


def chosen(only: str) -> list[str]:
    """Return the measurements that are asked for: without any, all."""
    names = [name.strip() for name in only.split(",") if name.strip()] or list(MEASUREMENTS)
    for name in names:
        if name not in MEASUREMENTS:
            raise KitError(f"--only {only}", f"there is no measurement {name!r}",
                           f"known are {', '.join(MEASUREMENTS)}")  # fmt: skip
    return names


def measured(name: str, console: Console) -> list[Figure]:
    """Return the figures of a measurement, and tell of them as they come."""
    console.print(f"{name}: {(MEASUREMENTS[name].__doc__ or '').splitlines()[0]}", style="dim")
    started = time.perf_counter()
    found = MEASUREMENTS[name]()
    for figure in found:
        console.print(f"    {figure.name}: {figure.value:.3g} {figure.unit}", style="dim")
    took = f"    {time.perf_counter() - started:.0f} s"
    console.print(took if found else f"{took}, not measured here", style="dim")
    return found


def table(rows: list[Compared], kept: Release | None) -> Table:
    """Return what is printed: what, today, the last release, ratio."""
    then = f"{kept.version}, {kept.date}" if kept else "no release yet"
    drawn = Table(title="What the kit costs", caption="A ratio above 1 is worse.")
    drawn.add_column("what")
    for heading in ("today", then, "ratio"):
        drawn.add_column(heading, justify="right")
    drawn.add_column("in")
    drawn.add_column("")
    for row in rows:
        figure = row.today or row.kept
        assert figure is not None
        both = [f"{each.value:.3g}" if each else "" for each in (row.today, row.kept)]
        ratio = f"{row.ratio:.2f}" if row.ratio else ""
        colour = "red" if row.verdict is Verdict.WORSE else None
        drawn.add_row(row.name, *both, ratio, figure.unit, row.verdict.value, style=colour)
    return drawn


def release(rows: list[Compared], kept: Release | None) -> Release:
    """Return what is kept: the figures of today, and of others what was kept."""
    today = {row.name: rounded(row.today) for row in rows if row.today}
    return Release(
        version=__version__,
        date=datetime.date.today().isoformat(),
        python=platform.python_version(),
        torch=version("torch"),
        figures=tuple({**(kept.by_name if kept else {}), **today}.values()),
    )


def rounded(figure: Figure) -> Figure:
    return figure.model_copy(update={"value": float(f"{figure.value:.4g}")})


if __name__ == "__main__":
    typer.run(main)
