"""What is told before anything is graded is told at once: torch is not imported for it."""

import subprocess
import sys

import pytest

from autograder import __version__
from kit.workbench import ROOT, run

# Starts a command as `autograder` does, and ends with the heavy packages that it has imported.
TRACED = """
import sys
from autograder.cli.commands import main
sys.argv = ["autograder", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print("status", end.code)
print("heavy:", [name for name in ("torch", "matplotlib", "pytest") if name in sys.modules])
"""


def traced(*arguments):
    done = subprocess.run([sys.executable, "-c", TRACED, *map(str, arguments)], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout


COMMANDS = "grade batch diff export doctor check calibrate build student figures".split()


@pytest.mark.parametrize("arguments", [(), *[(command,) for command in COMMANDS]])
def test_help_needs_nothing_heavy(arguments):
    told = traced(*arguments, "--help")
    assert told.startswith("Usage: autograder")
    assert told.endswith("status 0\nheavy: []\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("grade", "nobody"),
        ("grade", "solution", "--only", "q9"),
        ("grade", "solution", "--data", "tests"),
        ("batch", "nobody", "--out", "nowhere"),
        ("diff", "nobody", "nobody"),
        ("export", "nobody"),
    ],
)
def test_a_slip_is_told_before_anything_heavy_is_imported(arguments):
    assert traced(*arguments).endswith("status 2\nheavy: []\n")


def test_the_version_is_told():
    assert run("--version").stdout == f"autograder {__version__}\n"


def test_the_shell_can_complete_commands():
    done = subprocess.run(
        [sys.executable, "-m", "autograder"], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"_AUTOGRADER_COMPLETE": "complete_bash", "COMP_WORDS": "autograder gr", "COMP_CWORD": "1"},
    )  # fmt: skip
    assert "grade" in done.stdout.split()
