"""The image: what its Dockerfile says, and containers of it, without an engine."""

import json
import shutil
from xml.etree import ElementTree

import pytest

from autograder.assignment.config import BUILT, find_root
from autograder.platforms import build
from autograder.platforms.artefacts import docker
from kit.platforms import linters
from kit.platforms.as_docker import GRADE
from kit.platforms.as_gradescope import CAN_IMITATE, REASON
from kit.platforms.image import Engine
from kit.workbench import proof

Q1 = ("--only", "q1")
tree = pytest.mark.skipif(not CAN_IMITATE, reason=REASON)


@pytest.fixture(scope="module")
def engine(kit, tmp_path_factory):
    """The image, built."""
    [built] = build.build(kit, ["docker"], tmp_path_factory.mktemp("dist"))
    with Engine(built.zip.path) as made:
        yield made


def instructions(assignment):
    text = docker.files(assignment)["Dockerfile"].content.decode().replace("\\\n", "")
    return [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]


def test_all_that_the_dockerfile_copies_is_there_and_all_that_is_there_is_copied(assignment):
    files = docker.files(assignment)
    copied = {word for name, rest in instructions(assignment) if name == "COPY"
              for word in rest.split()[:-1]}  # fmt: skip
    assert {name.split("/")[0] for name in files} == {*copied, "Dockerfile"}
    assert [name for name in files if "/solution/" in name] == ["kit/solution/digits.py"]
    assert "kit/tests/hidden/test_q3_attention.py" in files


def test_it_is_pinned_and_not_root_and_its_entry_is_the_command(assignment):
    told = dict(instructions(assignment))
    assert told["FROM"] == "python:3.12.13-slim-bookworm"
    assert told["USER"] == "1000"
    assert json.loads(told["ENTRYPOINT"]) == ["autograder"]
    installed = " ".join(rest for name, rest in instructions(assignment) if name == "RUN")
    assert "torch==2.13.0+cpu torchvision==0.28.0+cpu" in installed
    assert "-r requirements.txt -c requirements.lock" in installed


def test_without_an_index_of_its_own_torch_comes_with_the_rest(kit):
    assert not any("torch" in rest for _, rest in instructions(kit))


@proof
def test_hadolint_has_nothing_to_say(assignment, tmp_path):
    path = tmp_path / "Dockerfile"
    text = docker.files(assignment)["Dockerfile"].content.decode()
    path.write_text(text)
    assert linters.complaints(linters.HADOLINT, "hadolint", "--no-color", path) == ""
    path.write_text(text.replace(":3.12.13-slim-bookworm", ""))
    assert "DL3006" in linters.complaints(linters.HADOLINT, "hadolint", "--no-color", path)


def test_a_built_kit_does_not_take_a_students_mark_sheet(copied, tmp_path, monkeypatch):
    """The current folder is often the submission: there a grading.yml is nobody's but the student's."""
    (tmp_path / "handed in").mkdir()
    (tmp_path / "handed in" / "grading.yml").write_text("questions: {}\n")
    module = copied.root / "autograder" / "assignment" / "config.py"
    monkeypatch.setattr("autograder.assignment.config.__file__", str(module))
    assert find_root(tmp_path / "handed in") == tmp_path / "handed in"  # a kit that is worked on
    (copied.root / BUILT).write_text("{}")
    assert find_root(tmp_path / "handed in") == copied.root


def test_both_files_are_there_before_anything_is_graded(autograder, assignment, tmp_path):
    wrong = tmp_path / "none" / "junit.xml"
    files = ("--json", tmp_path / "results.json", "--junit", wrong)
    told = autograder("grade", assignment.solution, *files, *Q1)
    assert told.returncode == 2
    assert told.stderr.startswith(f"{wrong}: cannot be written: No such file or directory")
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 0
    assert "passed" not in told.stdout


# --- containers ------------------------------------------------------------------------------


@proof
@tree
def test_json_and_junit_come_out_whoever_runs_it(engine, assignment, tmp_path):
    """As the image's user, and as one that the image does not know, in the submission's folder."""
    handed_in = tmp_path / "handed in"
    shutil.copytree(assignment.solution, handed_in)
    for name in ("autograder", "checks", "kit", "json", "torch", "results", "grader"):
        (handed_in / name).mkdir()
        (handed_in / name / "__init__.py").write_text("raise SystemExit('taken over')\n")
    (handed_in / "grading.yml").write_text("taken: over\n")
    for options in ({}, {"user": "12345:12345", "folder": "/submission"}):
        told = engine.run(*GRADE, *Q1, submission=str(handed_in), **options)
        assert told["status"] == 0, told["said"]
        assert "taken over" not in told["said"]
        assert json.loads(told["files"]["results.json"])["score"] == 15
        suites = ElementTree.fromstring(told["files"]["junit.xml"])
        assert [suite.get("failures") for suite in suites] == ["0"]


@proof
@tree
@pytest.mark.parametrize(
    ("results", "said"),
    [("read-only", "Read-only file system"), ("full", "No space left on device")],
)
def test_results_that_cannot_be_written_are_told_before_anything_is_graded(
    engine, assignment, results, said
):
    told = engine.run(*GRADE, *Q1, submission=str(assignment.solution), results=results)
    assert told["status"] == 2
    assert f"cannot be written: {said}" in told["said"]
    assert "passed" not in told["said"]


@proof
@tree
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "There is no vit.py in your folder. It holds: nothing."),
        (
            ["one.ipynb", "two.ipynb"],
            "There are 2 notebooks in your folder: one.ipynb and two.ipynb.",
        ),
    ],
)
def test_nothing_to_grade_and_two_notebooks_are_told(engine, assignment, names, said, tmp_path):
    handed_in = tmp_path / "handed in"
    handed_in.mkdir()
    for name in names:
        shutil.copy(assignment.student / "assignment.ipynb", handed_in / name)
    told = engine.run(*GRADE, submission=str(handed_in))
    assert told["status"] == 0
    results = json.loads(told["files"]["results.json"])
    assert results["score"] == 0
    assert said in " ".join(told["said"].split())


@proof
@tree
def test_without_arguments_it_says_what_it_can_do_and_student_code_is_shut_in(engine):
    assert engine.run()["said"].startswith("Usage: autograder ")
    told = engine.run("doctor")["said"]
    missing = [line.split()[0] for line in told.splitlines() if " NO " in line]
    assert missing == ["own"]  # its own user, which only root could give
