"""Measure the kit beside its peers on the same three checks of q1 and q3: `make bench-peers`.

    PYTHONPATH=tests .venv/bin/python -m kit.bench.peers --rounds 3 --write

All grade the same files in turn; time and CPU seconds are medians over the rounds.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from autograder.assignment.config import load
from autograder.errors import KitError
from kit.bench.peers.graders import all_graders
from kit.bench.peers.measure import Row, measure, submissions
from kit.workbench import ROOT

PAGE = ROOT / "docs" / "peers.md"
KIT = "vit-autograder"
ASK = """
import importlib.metadata as m, json
print(json.dumps({d.metadata["Name"]: d.version for d in m.distributions()}))
"""


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    environment: Annotated[Path, typer.Option(help="of the peers")] = ROOT / ".venv-peers",
    write: Annotated[bool, typer.Option(help="write docs/peers.md anew")] = False,
) -> None:
    """Measure, and print a table."""
    python, console = environment.absolute() / "bin" / "python", Console()
    if not console.is_terminal:
        console.width = 120  # a log is as wide as the table
    if not python.exists():
        told = KitError(
            str(environment), "the peers are not there", "`make bench-peers` installs them"
        )
        console.print(str(told), soft_wrap=True)
        raise typer.Exit(2)
    versions = {**installed(python), KIT: version(KIT)}
    with tempfile.TemporaryDirectory() as name:
        place, assignment = Path(name), load(ROOT)
        graders = all_graders(assignment, place, python)
        tell = lambda what: console.print(what, style="dim")  # noqa: E731
        rows = measure(graders, versions, submissions(assignment, place), rounds, tell)
    console.print(table(rows))
    if write:
        PAGE.write_text(page(rows, rounds, versions["torch"]), encoding="utf-8")


def installed(python: Path) -> dict[str, str]:
    """Return the versions of what is installed in an environment."""
    told = subprocess.run([python, "-c", ASK], check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = json.loads(told)
    return found


def table(rows: list[Row]) -> Table:
    """Return what is printed."""
    drawn = Table(title="The same submission, graded by each")
    for heading in ("", "version", "s", "CPU s", "MB", "right", "wrong", "replacing"):
        drawn.add_column(heading, justify="left" if heading in ("", "version") else "right")
    for row in rows:
        cost = row.cost
        costs = (f"{cost.seconds:.1f}", f"{cost.cpu_seconds:.1f}", f"{cost.peak_mb:.0f}")
        marks = map(str, (row.right, row.wrong, row.replacing))
        drawn.add_row(row.name, row.version, *costs, *marks)
    return drawn


def page(rows: list[Row], rounds: int, torch: str) -> str:
    """Return docs/peers.md."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # it is Markdown
    )
    return templates.get_template("page.md.j2").render(
        rows=rows,
        rounds=rounds,
        date=datetime.date.today().isoformat(),
        python=platform.python_version(),
        torch=torch,
        cores=os.cpu_count(),
        system=sys.platform.capitalize(),
    )


if __name__ == "__main__":
    typer.run(main)
