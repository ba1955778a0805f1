"""python -m checks watch: run the checks again whenever a file is saved."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from checks.running.watch import watch

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
    only = ["-k", options.question] if options.question else []
    return watch([*only, *for_pytest])


if __name__ == "__main__":
    sys.exit(main())
