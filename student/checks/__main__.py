"""python -m checks watch: run the checks again whenever a file is saved."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STUDENT = Path(__file__).resolve().parents[1]
WATCH = """\
Run the visible checks, and again whenever vit.py or train.py is saved. Ctrl-C ends it.

    python -m checks watch           # all questions
    python -m checks watch q3        # one question
    python -m checks watch q3 -x     # with any options of pytest
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the status."""
    parser = argparse.ArgumentParser(
        prog="python -m checks",
        description="What helps while you write. For pictures: python -m checks.show --help",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="watch")
    verbs.add_parser(
        "watch",
        help="run the checks again whenever you save",
        description=WATCH,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).add_argument("question", nargs="?", default="", help="q1 to q7; none: all")
    options, for_pytest = parser.parse_known_args(arguments)
    return watch(options.question, for_pytest)


def watch(question: str, for_pytest: Sequence[str]) -> int:
    """Run pytest now, and after every change of a Python file beside the checks."""
    try:
        from watchfiles import PythonFilter, watch
    except ImportError:
        print("This needs watchfiles: python -m pip install watchfiles", file=sys.stderr)
        return 2
    only = ["-k", question] if question else []

    def run() -> None:
        subprocess.run([sys.executable, "-m", "pytest", STUDENT, *only, *for_pytest], check=False)
        print("waiting for a change (Ctrl-C ends)", flush=True)

    with contextlib.suppress(KeyboardInterrupt):
        run()
        for changes in watch(STUDENT, watch_filter=PythonFilter(), recursive=False):
            names = ", ".join(sorted({Path(path).name for _, path in changes}))
            print(f"\n{names} saved", flush=True)
            run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
