"""Autolab's assessment: what is imported, and what `make` prints in the end, whatever is handed in."""

import errno
import io
import os
import re
import tarfile
import zipfile
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from autograder.assignment.config import Assignment, AutolabSettings, LimitSettings
from autograder.errors import KitError
from autograder.grading.report import not_run
from autograder.platforms import build
from autograder.platforms.artefacts import autolab
from autograder.platforms.bundle import File, tarred
from autograder.platforms.inside import on_autolab
from autograder.submission import reading
from kit.platforms.as_autolab import LOG, job, made, read, start, zip_of
from kit.platforms.as_gradescope import CAN_IMITATE, REASON
from kit.platforms.five import NOTHING
from kit.workbench import proof, wait_for, with_settings

NAME = "avisiontransformerfromscratch"
linux_root = pytest.mark.skipif(not CAN_IMITATE, reason=REASON)
HANGS = b"def patchify(images, n_patches):\n    while True:\n        pass\n"


@pytest.fixture(scope="module")
def archive(quick_kit, tmp_path_factory):
    [built] = build.build(quick_kit, ["autolab"], tmp_path_factory.mktemp("dist"))
    return built.zip.path


@pytest.fixture(scope="module")
def assessment(archive):
    """The tar to import, opened."""
    with zipfile.ZipFile(archive) as opened:
        content = io.BytesIO(opened.read(f"{NAME}.tar"))
    with tarfile.open(fileobj=content) as tar:
        yield tar


# --- what is imported --------------------------------------------------------------------------


def test_the_tar_is_one_that_autolab_imports(assessment, archive):
    """One folder at the top, named first, with its .yml, its .rb, and the files that these name."""
    first, *rest = assessment.getmembers()
    assert first.isdir()
    assert first.name == NAME
    assert {member.name.split("/")[0] for member in rest} == {NAME}
    names = {member.name.split("/")[1] for member in rest}
    assert names >= {f"{NAME}.yml", f"{NAME}.rb", "autograde.tar", "autograde-Makefile"}
    with zipfile.ZipFile(archive) as opened:
        for name in (
            "autograde.tar",
            "autograde-Makefile",
        ):  # once more, for an assessment there is
            assert opened.read(name) == assessment.extractfile(f"{NAME}/{name}").read()
    assert f"module {NAME.capitalize()}\n" in text(assessment, f"{NAME}.rb")


def text(assessment, name):
    return assessment.extractfile(f"{NAME}/{name}").read().decode()


def test_each_question_is_a_problem_with_its_points(assessment, quick_kit):
    content = YAML(typ="safe").load(text(assessment, f"{NAME}.yml"))
    problems = {problem["name"]: problem["max_score"] for problem in content["problems"]}
    assert problems == {name: q.points for name, q in quick_kit.questions.items()}
    assert content["problems"][0]["description"] == "Cut images into patches"
    assert content["general"]["name"] == NAME
    assert f"{NAME}/{content['general']['handout']}" in assessment.getnames()
    assert 10 <= content["autograder"]["autograde_timeout"] <= 900


def test_settings_stand_in_the_assessment(assignment):
    asked = AutolabSettings(image="vit:2", category="Labs")
    content = autolab.settings(with_settings(assignment, autolab=asked), "a", 60)
    assert content["autograder"]["autograde_image"] == "vit:2"
    assert content["general"]["category_name"] == "Labs"


def test_a_title_becomes_a_name_that_ruby_takes(assignment):
    settings = assignment.settings.model_copy(update={"assignment": "2nd: Vision_Transformer!"})
    files = autolab.files(Assignment(assignment.root, settings))
    assert "a2ndvisiontransformer.tar" in files


def test_a_grading_that_is_too_long_for_autolab_is_told(assignment):
    limits = LimitSettings(seconds_on_the_clock=900)
    with pytest.raises(KitError, match="limit of 900 s") as told:
        autolab.files(with_settings(assignment, limits=limits))
    assert "write 880 or less" in str(told.value)


def test_a_tar_is_the_same_whatever_the_order_of_its_files():
    files = {"b/c/d.sh": File(b"1", runs=True), "a": File(b"2")}
    content = tarred(files)
    assert tarred(dict(reversed(files.items()))) == content
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert tar.getnames() == ["a", "b", "b/c", "b/c/d.sh"]
        assert [member.mode for member in tar] == [0o644, 0o755, 0o755, 0o755]
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(315532800, 0, "")}


# --- what `make` prints ------------------------------------------------------------------------


def test_the_scores_are_those_of_autograder_grade(archive, submissions, wanted, tmp_path):
    with job(archive, zip_of(submissions["half-done"], tmp_path / "in")) as folder:
        printed = made(folder)
    assert read(printed)["scores"] == wanted["half-done"]
    first, second, *_ = printed.splitlines()
    assert first == "Nothing is graded yet."
    assert read(second)["scores"] == NOTHING
    assert "points so far." in printed
    assert "all " in printed
    assert "Traceback" not in printed


@proof
def test_files_named_like_the_platforms_change_nothing(archive, submissions, wanted, tmp_path):
    taken = submissions["half-done"]
    for name in ("Makefile", "autograde.tar", "autograder/run.sh", "autograder/kit/grading.yml",
                 "sitecustomize.py", "json.py"):  # fmt: skip
        (taken / name).parent.mkdir(parents=True, exist_ok=True)
        (taken / name).write_text('raise SystemExit("taken over")\n')
    with job(archive, zip_of(taken, tmp_path / "in")) as folder:
        printed = made(folder)
    assert read(printed)["scores"] == wanted["half-done"]
    assert "taken over" not in printed


def test_what_cannot_be_graded_has_no_points_and_a_reason(archive, assignment, tmp_path):
    notebook = next((assignment.root / "tests/corpus/right/44_notebook_plain").glob("*.ipynb"))
    two = tmp_path / "two"
    two.mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (two / name).write_bytes(notebook.read_bytes())
    for content, said in (
        (zip_of(two, tmp_path / "in"), "There are 2 notebooks in your zip"),
        (zip_of(None, tmp_path / "none"), "There is no vit.py in your zip"),
    ):
        with job(archive, content) as folder:
            printed = made(folder)
        assert said in printed
        assert read(printed)["scores"] == NOTHING


@pytest.mark.parametrize("content", [b"x = 1\n", b'{"cells": []}'])
def test_what_is_no_zip_is_taken_for_what_it_holds(assignment, tmp_path, content):
    """Autolab has renamed it to the assessment's name for all files."""
    (tmp_path / "handin.zip").write_bytes(content)
    for name in on_autolab.OURS:
        (tmp_path / name).touch()
    with on_autolab.handed_in(tmp_path, assignment) as named:
        assert named.name == ("handin.ipynb" if content[:1] == b"{" else "vit.py")
        assert named.read_bytes() == content
    (tmp_path / "handin.zip").rename(tmp_path / "mine.py")
    with on_autolab.handed_in(tmp_path, assignment) as named:
        assert named == tmp_path / "mine.py"


def test_a_damaged_zip_stays_a_zip(assignment, tmp_path):
    """So its author reads that it cannot be opened, and nothing of a vit.py."""
    (tmp_path / "handin.zip").write_bytes(b"PK\x03\x04 cut off")
    with on_autolab.handed_in(tmp_path, assignment) as named:
        assert "handin.zip cannot be opened as a zip" in reading.read(named, assignment).refused


def test_what_failed_on_our_side_is_told_without_its_words(
    assignment, tmp_path, monkeypatch, capfd
):
    """It may be what a hidden test has raised."""
    report = not_run(assignment, list(assignment.questions), 1)
    failed = replace(report, details="Traceback\nValueError: the hidden digit is 7")
    (tmp_path / "handin.zip").write_bytes(HANGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(on_autolab, "use", lambda kit: assignment)
    monkeypatch.setattr(on_autolab, "graded", lambda *_: failed)
    on_autolab.main(tmp_path)
    told = capfd.readouterr().out
    assert "hidden digit" not in told
    assert told.endswith(f"{on_autolab.OUR_FAULT}\n")


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(rb"--kill-after=60 5", id="told to end"),
        pytest.param(rb"--kill-after=0.01 5", id="and killed at once"),
    ],
)
def test_a_grading_that_comes_to_its_limit_ends_with_scores(archive, limits):
    """However far it is by then, and whether it says so itself or is killed before it can."""
    with job(archive, HANGS, "vit.py") as folder:
        changed(folder, rb"--kill-after=5 \d+", limits)
        printed = made(folder)
    assert read(printed)["scores"] == NOTHING
    assert re.search("did not come to its end|was stopped at once", printed)


def changed(folder, pattern, by):
    """Change what run.sh says in a job's autograde.tar."""
    path = folder / "autograde.tar"
    with tarfile.open(path) as tar:
        files = {m.name: File(tar.extractfile(m).read()) for m in tar if m.isfile()}
    before = files["autograder/run.sh"].content
    files["autograder/run.sh"] = File(re.sub(pattern, by, before))
    assert files["autograder/run.sh"].content != before
    path.write_bytes(tarred(files))


@linux_root
def test_a_job_that_is_killed_has_printed_scores(archive, assignment):
    """As Tango does at its limit: whatever runs is killed, and the output is taken as it is."""
    vit = (assignment.solution / assignment.settings.files[0]).read_bytes()
    with job(archive, vit) as folder:
        log = folder.parent / LOG
        process = start(folder)
        wait_for(lambda: '{"scores":{"q1":15' in log.read_text())
        process.kill()
        process.wait()
        printed = log.read_text()
    assert read(printed)["scores"]["q1"] == 15


@linux_root
def test_a_folder_that_cannot_be_written_into_is_told(archive):
    with job(archive, HANGS) as folder:
        for path in (folder, *folder.iterdir()):
            os.chown(path, 0, 0)
        printed = made(folder)
    assert "The grader cannot be started here. That is no fault of yours" in printed
    assert read(printed)["scores"] == NOTHING


@linux_root
def test_a_full_disk_is_told(archive):
    """There is room for the files of the job, and none to unpack the grader."""
    with job(archive, HANGS) as folder:
        small = "mount -t tmpfs -o size=4m,mode=777 tmpfs /var/tmp"
        start(folder, [small, "cp -a . /var/tmp", f"mount --bind /var/tmp {folder}"]).wait()
        printed = (folder.parent / LOG).read_text()
    assert "No space left on device" in printed
    assert "The grader cannot be started here. That is no fault of yours" in printed
    assert read(printed)["scores"] == NOTHING


def test_a_full_disk_for_temporary_files_is_told(assignment, tmp_path, monkeypatch, capsys):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "handin.zip").write_bytes(HANGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(on_autolab, "use", lambda kit: assignment)
    monkeypatch.setattr(on_autolab.tempfile, "TemporaryDirectory", full)
    on_autolab.main(tmp_path)
    told = capsys.readouterr().out
    assert told == "What you handed in cannot be laid out: No space left on device.\n"
