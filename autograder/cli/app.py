"""The command line: a handful of verbs, and what is the same for all of them."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from autograder import __version__
from autograder.errors import KitError

INTERRUPTED = 130  # what a shell reports for Ctrl-C
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)  # a platform ends us with the second at its own limit

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from autograder.assignment.config import find_root
        from autograder.cli.which import which

        typer.echo(f"autograder {__version__}")
        with contextlib.suppress(
            KitError
        ):  # where there is no kit, there is a version all the same
            for line in which(find_root(), Path.cwd().resolve()):
                typer.echo(line)
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


def interrupted_twice() -> None:
    """Have Ctrl-C and SIGTERM raise KeyboardInterrupt twice at most: what has begun to end, ends.

    The first ends the work, and what is known is told; the second ends that, too.
    """
    left = 2

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal left
        left -= 1
        if not left:
            _no_more_interrupts()
        raise KeyboardInterrupt

    for number in INTERRUPTS:
        signal.signal(number, interrupt)


def _no_more_interrupts() -> None:
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


def _leave_at_once() -> None:
    _no_more_interrupts()
    gc.freeze()  # Python would take torch apart piece by piece, which is seconds of waiting


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
        _leave_at_once()
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_at_once()
        raise
