"""The zips, tried as the platforms would: real scripts in a real tree, a real `otter run`."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import jsonschema
import nbformat
import pytest

from autograder.assignment.config import load
from autograder.assignment.provenance import suite_digest
from autograder.platforms import build
from kit.platforms import as_gradescope, as_otter
from kit.platforms.container import Container, can_limit
from kit.platforms.five import ALL
from kit.workbench import ROOT, proof, schema

SCHEMA = schema("gradescope")
SMALLEST = {"cpus": 0.5, "memory_mb": 768}  # of Gradescope's containers
MOST_CPU_SECONDS = 120  # half of what a platform allows in seconds: it gives half a core
RIGHT = ROOT / "tests/corpus/right"
EARLIER = {"submission_time": "2026-11-22T11:00:00-08:00", "score": "42.0"}
SECOND = {  # what Gradescope tells of a student who has had something graded an hour ago
    "created_at": "2026-11-22T12:00:00.000000-08:00",
    "previous_submissions": [EARLIER],
}
THIRD = SECOND | {"previous_submissions": [EARLIER, EARLIER]}


def index_can_be_reached():
    """Whether pip could install something here: asked of the index that it is set up with."""
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    host = (told or "https://pypi.org").split("://")[-1].split("/")[0].split("@")[-1]
    name, _, port = host.partition(":")
    try:
        with socket.create_connection((name, int(port or 443)), timeout=10):
            return True
    except OSError:
        return False


linux_root = pytest.mark.skipif(not as_gradescope.CAN_IMITATE, reason=as_gradescope.REASON)
otter = pytest.mark.skipif(not as_otter.INSTALLED, reason="the extra [otter] is not installed")


@pytest.fixture(scope="module")
def zips(kit, quick_kit):
    """The zips of Gradescope and Otter, by name."""
    made = (build.build(kit, ["gradescope"], kit.root / "dist"),
            build.build(quick_kit, ["otter"], kit.root / "dist"))  # fmt: skip
    return {b.artefact.name: b.zip.path for some in made for b in some}


def points(results):
    return {name: q["points"] for name, q in results["extra_data"]["questions"].items()}


@proof
@linux_root
def test_gradescopes_tree(zips, kit, submissions, wanted, assignment):
    """setup.sh with pip from the registry, and run_autograder within the smallest container."""
    if not index_can_be_reached():
        pytest.skip("pip's index cannot be reached")
    with Container(zips["gradescope"]) as container:
        made = container.set_up()
        assert made["status"] == 0, made["said"]
        assert container.set_up()["said"] == "setup.sh: everything is installed already\n"
        for name, folder in submissions.items():
            limits = SMALLEST if name == "solution" and can_limit() else None
            told = container.grade(folder, SECOND, limits)
            results = told["results"]
            jsonschema.validate(results, SCHEMA)
            assert told["status"] == 0
            assert points(results) == wanted[name], name
            assert results["score"] == sum(wanted[name].values())
            assert results["extra_data"]["suite"] == suite_digest(kit)
            assert "Traceback" not in told["said"], told["said"]
            assert "This is attempt 2 of 2 in 24h." in results["output"]
            assert ("leaderboard" in results) is (name == "solution")
            if name != "missing":
                assert results["extra_data"]["confinement"]["missing"] == []
            if limits:
                assert told["used"]["killed"] == 0
                assert told["used"]["peak_mb"] < SMALLEST["memory_mb"]
                assert told["used"]["cpu_seconds"] < MOST_CPU_SECONDS
        assert "There is no vit.py" in results["output"]
        refused = container.grade(assignment.solution, THIRD)["results"]
        jsonschema.validate(refused, SCHEMA)
        assert refused["score"] == 42
        assert refused["output"].startswith("Not graded: 2 attempts in 24h are allowed")


@linux_root
def test_gradescopes_zip_grades_where_all_is_installed(zips, kit, submissions, wanted):
    """run_autograder in its tree, with this environment in the place of what setup.sh installs."""
    with Container(zips["gradescope"]) as container:
        container.use(Path(sys.prefix))
        told = container.grade(submissions["half-done"], SECOND)
        assert told["status"] == 0
        jsonschema.validate(told["results"], SCHEMA)
        assert points(told["results"]) == wanted["half-done"], told["said"]
        assert told["results"]["extra_data"]["suite"] == suite_digest(kit)
        assert "This is attempt 2 of 2 in 24h." in told["results"]["output"]


@linux_root
def test_a_container_that_cannot_grade_leaves_results(zips):
    """Without what setup.sh installs: every question at its full maximum, and no fault of theirs."""
    with Container(zips["gradescope"]) as container:
        told = container.grade(ROOT / "solution")
        jsonschema.validate(told["results"], SCHEMA)
        assert told["status"] == 0
        assert told["results"]["score"] == 0
        assert sum(row["max_score"] for row in told["results"]["tests"]) == 100
        assert "nothing was judged yet" in told["results"]["output"]


@proof
@linux_root
@otter
def test_otters_zip_on_gradescope(zips, submissions, wanted):
    """run_otter.py, with files beside the submission that would take Otter over."""
    taken = submissions["half-done"]
    as_otter.take_over(taken)
    (taken / "tests").mkdir()
    (taken / "tests" / "q1.py").write_text("raise SystemExit('taken over')\n")
    (taken / ".OTTER_LOG").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    (taken / "otter_driver.ipynb").write_text("{}")
    with Container(zips["otter"]) as container:
        container.use(Path(sys.prefix))
        for name in ("half-done", "hostile", "missing", "skeleton"):
            told = container.grade(submissions[name])
            jsonschema.validate(told["results"], SCHEMA)
            assert told["status"] == 0
            assert points(told["results"]) == wanted[name], (name, told["said"])
            assert "taken over" not in told["said"]
            seen = {row["name"].split()[0] for row in told["results"]["tests"]}
            assert "Public" not in seen
            assert any(row["visibility"] == "visible" for row in told["results"]["tests"])


@otter
def test_otter_run_gives_what_autograder_grade_gives(zips, submissions, wanted, tmp_path):
    """One of the five above."""
    with as_otter.there(zips["otter"], tmp_path) as grade:
        assert grade(submissions["half-done"]) == wanted["half-done"]


@proof
@otter
def test_otter_run_on_a_notebook(quick_kit, tmp_path):
    """With `hands_in: notebook` Otter takes a student's folder with a notebook, and does not run it."""
    sheet = quick_kit.root / "grading.yml"
    before = sheet.read_text()
    assert "hands_in: files" in before
    sheet.write_text(before.replace("hands_in: files", "hands_in: notebook"))
    try:
        [built] = build.build(load(quick_kit.root), ["otter"], tmp_path)
    finally:
        sheet.write_text(before)
    notebook = nbformat.read(next((RIGHT / "44_notebook_plain").glob("*.ipynb")), as_version=4)
    trap = f"open({str(tmp_path / 'it was run')!r}, 'w').close()"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(trap))
    folder = tmp_path / "student"
    ignore = shutil.ignore_patterns("*-ubyte", "figures", "__pycache__")
    shutil.copytree(quick_kit.student, folder, ignore=ignore)
    nbformat.write(notebook, folder / "assignment.ipynb")
    handed_in = shutil.make_archive(str(tmp_path / "student"), "zip", folder)
    rows = as_otter.otter_run(built.zip.path, handed_in, tmp_path / "out")
    assert {row["name"]: row["score"] for row in rows} == ALL
    assert not (tmp_path / "it was run").exists()
