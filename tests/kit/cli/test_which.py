"""Which kit, and whose program: told where the current folder does not say it."""

from pathlib import Path

import pytest

from autograder import __version__
from autograder.cli.which import which
from kit.workbench import ROOT


def kit_in(folder: Path, version: str) -> Path:
    (folder / "autograder").mkdir(parents=True)
    (folder / "autograder" / "__init__.py").write_text(f'__version__ = "{version}"\n')
    return folder


@pytest.mark.parametrize("here", [ROOT, ROOT / "tests" / "kit"])
def test_in_the_kit_there_is_nothing_to_say(here):
    assert list(which(ROOT, here)) == []


def test_from_outside_the_kit_and_its_version_are_told(tmp_path):
    (line,) = which(ROOT, tmp_path)
    assert line.startswith(f"The kit is {ROOT}, version {__version__}: there is none in {tmp_path}")


def test_a_program_of_another_kit_is_told_with_both_versions(tmp_path):
    (line,) = which(kit_in(tmp_path, "9.1"), tmp_path)
    assert (
        f"that of {ROOT}, version {__version__}, and the kit that of {tmp_path}, version 9.1"
        in line
    )


def test_a_kit_without_a_program_has_no_known_version(tmp_path):
    (line,) = which(tmp_path, tmp_path)
    assert "version unknown" in line


def test_version_names_the_kit_from_outside_only(autograder, tmp_path):
    assert autograder("--version").stdout == f"autograder {__version__}\n"
    first, second = autograder("--version", cwd=tmp_path).stdout.splitlines()
    assert first == f"autograder {__version__}"
    assert second.startswith(f"The kit is {ROOT}, version {__version__}")


def test_a_long_command_begins_with_it_and_a_short_one_does_not(autograder, tmp_path):
    told = autograder("grade", tmp_path / "nobody", cwd=tmp_path)
    assert told.stderr.startswith(f"The kit is {ROOT}, version {__version__}")
    assert "The kit is" not in autograder("grade", "nobody").stderr
    assert "The kit is" not in autograder("student", "--check", cwd=tmp_path).stderr
