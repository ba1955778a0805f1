"""What runs on Gradescope leaves whole results, whatever becomes of it."""

import json
import os
import signal
import subprocess
import sys

import jsonschema
import pytest

from autograder.platforms.inside import on_gradescope, whatever_happens
from autograder.platforms.inside.attempts import LEDGER
from kit.workbench import PATIENCE, ROOT, copy_of, schema, wait_for

SCHEMA = schema("gradescope")
METADATA = {"created_at": "2026-11-22T12:00:00-08:00", "previous_submissions": []}
GRADE = (
    "import sys; from pathlib import Path\n"
    "from autograder.platforms.inside import on_gradescope as o"
)


@pytest.fixture
def home(tmp_path, assignment):
    """An /autograder tree whose kit counts attempts, with the solution handed in."""
    kit = copy_of(assignment, tmp_path / "source" / "kit").root
    sheet = kit / "grading.yml"
    text = sheet.read_text().replace("# attempts:", "attempts:")
    sheet.write_text(text.replace("rows: test", "rows: question"))
    (tmp_path / "submission_metadata.json").write_text(json.dumps(METADATA))
    (tmp_path / "submission").symlink_to(assignment.solution)
    return tmp_path


def results(home):
    content = json.loads((home / "results" / "results.json").read_text())
    jsonschema.validate(content, SCHEMA)
    assert sum(row["max_score"] for row in content["tests"]) == pytest.approx(100)
    return content


@pytest.mark.parametrize("error", [RuntimeError("no worker"), MemoryError(), SystemExit(3)])
def test_whatever_is_raised_becomes_results(home, monkeypatch, capsys, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(whatever_happens, "Grader", fails)
    on_gradescope.main(home)
    content = results(home)
    assert content["score"] == 0
    assert "no fault of yours" in content["output"]
    assert "This attempt is not counted." in content["output"]
    assert content["extra_data"][LEDGER] == []
    assert type(error).__name__ in content["extra_data"]["details"]
    assert type(error).__name__ in capsys.readouterr().err


def test_a_limit_of_the_platform_keeps_what_there_is(home):
    """SIGTERM when the first question is graded: its points stay, and it is no attempt."""
    code = f"{GRADE}; o.main(Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", code, home], stderr=subprocess.PIPE)
    path = home / "results" / "results.json"
    wait_for(lambda: path.exists() and json.loads(path.read_text())["score"] > 0)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    content = results(home)
    assert 0 < content["score"] < 100
    assert "did not come to its end" in content["output"]
    assert content["extra_data"][LEDGER] == []


def test_a_question_is_one_row(home):
    (home / "submission").unlink()
    (home / "submission").symlink_to(ROOT / "student")
    on_gradescope.main(home)
    content = results(home)
    assert [row["number"] for row in content["tests"]] == list("1234567")
    assert content["tests"][0]["name"] == "q1  Cut images into patches"
    assert "q1.1  " in content["tests"][0]["output"]
    assert "This is attempt 1 of 5 in 24h." in content["output"]
    assert content["extra_data"][LEDGER] == [METADATA["created_at"]]


def graded_into(home, mounted):
    """Grade the skeleton with another file system for results; return what came of it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    (home / "submission").unlink()
    (home / "submission").symlink_to(ROOT / "student")
    (home / "results").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", mounted, "tmpfs", home / "results"], check=True)
    try:
        code = f"{GRADE}; o.main(Path(sys.argv[1]))"
        run = subprocess.run(
            [sys.executable, "-c", code, home], capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        left = results(home) if (home / "results" / "results.json").exists() else None
        return run, left
    finally:
        subprocess.run(["umount", "--lazy", home / "results"], check=True)


def test_a_full_disk_is_told_and_leaves_whole_results(home):
    run, left = graded_into(home, "size=8k")
    assert "No space left" in run.stderr
    assert left is not None  # the last that could be written


def test_a_results_folder_that_is_only_read_is_told(home):
    run, left = graded_into(home, "ro")
    assert run.returncode == 1
    assert left is None
    assert "results.json: cannot be written: Read-only file system" in run.stderr
    assert "Traceback" not in run.stderr
