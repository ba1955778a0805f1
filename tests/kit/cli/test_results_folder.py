"""Where results cannot be written: told at once, or whatever else can be written is."""

import contextlib
import json
import os
import subprocess
import sys

import pytest

ROOT_ONLY = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root on Linux can mount"
)
FORMATS = ("--json", "--junit", "--prairielearn")


@contextlib.contextmanager
def mounted(place, options):
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@ROOT_ONLY
@pytest.mark.parametrize("option", FORMATS)
def test_a_folder_that_is_only_read_is_told_before_anything_is_graded(autograder, tmp_path, option):
    with mounted(tmp_path / "results", "ro") as place:
        told = autograder("grade", "student", "--only", "q1", option, place / "results")
    assert told.returncode == 2
    assert f"{place}/results: cannot be written: Read-only file system" in told.stderr
    assert "To mend it: name a folder that is there and can be written" in told.stderr
    assert told.stdout == ""


@ROOT_ONLY
def test_a_disk_that_gets_full_takes_its_own_file_only(autograder, tmp_path):
    """The first results fit, the last do not: these stay whole, and the other formats are written."""
    with mounted(tmp_path / "small", "size=8k") as small:
        told = autograder(
            "grade", "student", "--only", "q1,q2,q3", "--json", tmp_path / "results.json",
            "--junit", small / "junit.xml", "--prairielearn", tmp_path / "prairielearn.json",
            "--autolab",
        )  # fmt: skip
        first = (small / "junit.xml").read_text()
        assert [path.name for path in small.iterdir()] == ["junit.xml"]
    assert told.returncode == 2
    assert "junit.xml: cannot be written: No space left on device" in told.stderr
    assert "To mend it: make room" in told.stderr
    assert "nothing was judged yet" in first
    assert first.endswith("</testsuites>\n")
    rows = json.loads((tmp_path / "results.json").read_text())["tests"]
    assert "vit.py still raises TODO q1" in rows[0]["output"]
    assert json.loads((tmp_path / "prairielearn.json").read_text())["gradable"]
    last = json.loads(told.stdout.splitlines()[-1])
    assert last["scores"] == {"q1": 0, "q2": 0, "q3": 0}


def test_each_format_is_there_from_the_first_moment(autograder, tmp_path):
    """Whatever ends a grading, a platform finds results: here there is no submission at all."""
    places = [tmp_path / option.strip("-") for option in FORMATS]
    options = [part for pair in zip(FORMATS, places) for part in pair]
    assert autograder("grade", tmp_path / "nobody", *options).returncode == 2
    gradescope, junit, prairielearn = (place.read_text() for place in places)
    assert json.loads(gradescope)["score"] == 0
    assert "nothing was judged yet" in junit
    assert json.loads(prairielearn)["gradable"] is False
