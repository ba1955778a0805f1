"""The command line: a handful of verbs, and what is the same for all of them."""

from __future__ import annotations

import socket
import sys
from typing import Annotated

import typer
from rich.console import Console

from autograder import __version__
from autograder.errors import KitError

INTERRUPTED = 130  # what a shell reports for Ctrl-C

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autograder {__version__}")
        raise typer.Exit


@app.callback()
def _for_all(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="say which version this is"
        ),
    ] = False,
) -> None:
    """Grade the ViT-from-scratch assignment, and keep its parts in step.

    Start with `autograder check`: it tells you whether the kit is fit to hand out.
    """


def main() -> None:
    """Run a command; a KitError is told in three lines, without a traceback, with status 2."""
    try:
        if not hasattr(socket, "send_fds"):
            raise KitError(
                "autograder",
                "grading needs fork and descriptor passing, which this system has not",
                "use Linux or macOS, or WSL; `pytest student/` works everywhere",
            )
        app(prog_name="autograder")
    except KitError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:  # before or after the tests: what was written stays
        sys.exit(INTERRUPTED)
