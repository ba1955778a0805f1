"""The zips, tried as the platforms would: real scripts in a real tree, a real `otter run`."""

import importlib.util
import json
import os
import re
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
from autograder.proof.corpus import attacks, lay_out_attack
from kit.platforms.container import Container, can_limit
from kit.workbench import PATIENCE, ROOT, copy_of, proof, schema

SCHEMA = schema("gradescope")
SMALLEST = {"cpus": 0.5, "memory_mb": 768}  # of Gradescope's containers
MOST_CPU_SECONDS = 120  # half of what a platform allows in seconds: it gives half a core
RIGHT = ROOT / "tests/corpus/right"
ALL = {"q1": 15, "q2": 15, "q3": 25, "q4": 15, "q5": 15, "q6": 10, "q7": 5}
NOTHING = dict.fromkeys(ALL, 0)
NAMES_OF_NONE = ("skeleton", "hostile", "missing")  # those that earn nothing
HOSTILE = "forging/results_file_everywhere"
SHADOWS = ("otter", "nbformat", "dill", "sitecustomize", "IPython", "json")
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


linux_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="a container can be imitated by root, on Linux, with unshare",
)
otter = pytest.mark.skipif(
    not importlib.util.find_spec("otter"), reason="the extra [otter] is not installed"
)


@pytest.fixture(scope="module")
def kit(assignment, tmp_path_factory):
    """A kit that takes torch from where this machine does, and allows two attempts."""
    copied = copy_of(assignment, tmp_path_factory.mktemp("platforms") / "kit")
    sheet = copied.root / "grading.yml"
    text = re.sub(r"(torch_index:).*", r'\1 ""', sheet.read_text())
    for old, new in (
        ("leaderboard: false", "leaderboard: true"),
        ("# attempts: {per: 24h, at_most: 5}", "attempts: {per: 24h, at_most: 2}"),
    ):
        assert old in text
        text = text.replace(old, new)
    sheet.write_text(text)
    return load(copied.root)


@pytest.fixture(scope="module")
def quick_kit(kit, tmp_path_factory):
    """The same with a shorter training: how long it takes is of no matter to Otter."""
    copied = copy_of(kit, tmp_path_factory.mktemp("quick") / "kit")
    sheet = copied.root / "grading.yml"
    sheet.write_text(sheet.read_text().replace("epochs: 20 ", "epochs: 5 "))
    quick = load(copied.root)
    assert quick.settings.training.epochs == 5
    return quick


@pytest.fixture(scope="module")
def zips(kit, quick_kit):
    """The zips of Gradescope and Otter, by name."""
    made = (build.build(kit, ["gradescope"], kit.root / "dist"),
            build.build(quick_kit, ["otter"], kit.root / "dist"))  # fmt: skip
    return {b.artefact.name: b.zip.path for some in made for b in some}


@pytest.fixture
def submissions(tmp_path, assignment):
    """The five that every platform is tried with, by name: a folder, or None."""
    half, hostile = tmp_path / "half", tmp_path / "hostile"
    half.mkdir()
    hostile.mkdir()
    done = (assignment.solution / "vit.py").read_text()
    todo = (assignment.student / "vit.py").read_text()
    # q1 and q2 are done, in q2 with a wrong base; the rest is as in the skeleton.
    rest = todo[todo.index("class MyMSA") :]
    begin = done[: done.index("class MyMSA")]
    (half / "vit.py").write_text(begin.replace("10000 **", "1000 **") + rest)
    shutil.copy(assignment.student / "train.py", half)
    attack = next(one for one in attacks(assignment) if one.name == HOSTILE)
    lay_out_attack(attack, assignment, hostile)
    return {
        "solution": assignment.solution,
        "skeleton": assignment.student,
        "half-done": half,
        "hostile": hostile,
        "missing": None,
    }


def points(results):
    return {name: q["points"] for name, q in results["extra_data"]["questions"].items()}


def expected(grader, submissions):
    """Return what `autograder grade` gives each of them."""
    half = {q.id: q.points for q in grader.grade(submissions["half-done"], seed=1).questions}
    assert 0 < half["q2"] < 15 == half["q1"]
    return {"solution": ALL, "half-done": half} | dict.fromkeys(NAMES_OF_NONE, NOTHING)


@proof
@linux_root
def test_gradescopes_tree(zips, kit, submissions, grader, assignment):
    """setup.sh with pip from the registry, and run_autograder within the smallest container."""
    if not index_can_be_reached():
        pytest.skip("pip's index cannot be reached")
    wanted = expected(grader, submissions)
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
def test_gradescopes_zip_grades_where_all_is_installed(zips, kit, submissions, grader):
    """run_autograder in its tree, with this environment in the place of what setup.sh installs."""
    wanted = expected(grader, submissions)
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
def test_otters_zip_on_gradescope(zips, submissions, grader):
    """run_otter.py, with files beside the submission that would take Otter over."""
    taken = submissions["half-done"]
    take_over(taken)
    (taken / "tests").mkdir()
    (taken / "tests" / "q1.py").write_text("raise SystemExit('taken over')\n")
    (taken / ".OTTER_LOG").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    (taken / "otter_driver.ipynb").write_text("{}")
    wanted = expected(grader, submissions)
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


def take_over(folder):
    """Put modules beside a submission that Otter would import instead of its own."""
    for name in SHADOWS:
        (folder / f"{name}.py").write_text("raise SystemExit('taken over')\n")


def otter_run(archive, handed_in, out):
    """Return the rows of the questions that `otter run` writes."""
    out.mkdir(parents=True)
    told = subprocess.run(
        [sys.executable, "-m", "otter", "run", "-a", archive, "-o", out, handed_in],
        cwd=out, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return json.loads((out / "results.json").read_text())["tests"][1:]


@proof
@otter
def test_otter_run(zips, submissions, grader, tmp_path):
    """`otter run` gives every question the points of `autograder grade`, to the last digit."""
    wanted = expected(grader, submissions)
    take_over(submissions["half-done"])
    for name, folder in submissions.items():
        handed_in = tmp_path / "in" / name
        (handed_in.mkdir(parents=True) if folder is None else shutil.copytree(folder, handed_in))
        (handed_in / "notes.txt").write_text("a zip may not be empty")
        # Of the skeleton the folder itself: at the top of a zip, its notebook would be the next test's.
        top = handed_in.parent if name == "skeleton" else handed_in
        inner = handed_in.relative_to(top)
        archive = shutil.make_archive(str(tmp_path / name), "zip", top, inner)
        rows = otter_run(zips["otter"], archive, tmp_path / "out" / name)
        assert {row["name"]: row["score"] for row in rows} == wanted[name], name
        assert {row["name"]: row["max_score"] for row in rows} == ALL


@otter
def test_otter_run_gives_what_autograder_grade_gives(zips, submissions, grader, tmp_path):
    """One of the five above."""
    wanted = expected(grader, submissions)
    archive = shutil.make_archive(str(tmp_path / "half"), "zip", submissions["half-done"])
    rows = otter_run(zips["otter"], archive, tmp_path / "out")
    assert {row["name"]: row["score"] for row in rows} == wanted["half-done"]


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
    rows = otter_run(built.zip.path, handed_in, tmp_path / "out")
    assert {row["name"]: row["score"] for row in rows} == ALL
    assert not (tmp_path / "it was run").exists()
