"""The zips: what lies in them, what must not, and that they are the same whenever they are built."""

import gzip
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement

from autograder.assignment.config import InstallSettings, Show, load
from autograder.assignment.provenance import commit, provenance, suite_digest
from autograder.cli.kit import Zip
from autograder.errors import KitError
from autograder.handout import skeleton
from autograder.platforms import build
from autograder.platforms.artefacts import gradescope
from autograder.platforms.bundle import File, write_zip
from autograder.platforms.contents import kit_files
from autograder.platforms.secrecy import secrets_in
from kit.workbench import ROOT, with_settings

NAMES = list(build.ARTEFACTS)


@pytest.fixture(scope="module")
def built(assignment, tmp_path_factory):
    """The zips of the kit, by name."""
    out = tmp_path_factory.mktemp("dist")
    return {b.artefact.name: b.zip.path for b in build.build(assignment, NAMES, out)}


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_two_builds_are_the_same_to_the_last_byte(assignment, built, tmp_path):
    """In another process, folder and environment, and after the files were touched."""
    for path in (ROOT / "student" / "tests").glob("*.py"):
        os.utime(path)
    subprocess.run(
        [sys.executable, "-m", "autograder", "build", "--no-check", "--out", tmp_path],
        cwd=ROOT / "tests", check=True, capture_output=True, umask=0o077,
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    )  # fmt: skip
    for name, path in built.items():
        assert (tmp_path / f"{name}.zip").read_bytes() == path.read_bytes(), name


def test_what_students_get_works_and_holds_nothing_else(assignment, built):
    files = contents(built["student"])
    assert {name.removeprefix("student/") for name in files} == set(skeleton.handed_out(assignment))
    assert b'raise NotImplementedError("TODO q1")' in files["student/vit.py"]
    assert files.keys() >= {"student/requirements.txt", "student/requirements-cpu.txt"}
    assert not any("hidden" in name or "solution" in name for name in files)


def test_what_students_get_is_searched(assignment):
    solution = (assignment.solution / "vit.py").read_bytes()
    hidden = (assignment.tests / "hidden" / "test_q2_positions.py").read_bytes()
    digits = next((assignment.tests / "data").rglob("*images*.gz")).read_bytes()
    some = gzip.decompress(digits)
    one = gzip.compress(some[:4] + (1).to_bytes(4, "big") + some[8 : 16 + 784])
    found = secrets_in(
        {"a.py": File(solution), "b.py": File(hidden), "c.gz": File(digits), "d.gz": File(one)},
        assignment,
    )
    text = "\n".join(found)
    assert re.search(r"a\.py, line \d+: a line of the solution", text)
    assert re.search(r"b\.py, line \d+: a line of hidden/test_q2_positions\.py", text)
    assert "c.gz: 2000 of the hidden digits" in text
    assert "d.gz: 1 of the hidden digits" in text


def test_a_secret_in_the_handout_stops_the_build(copied, tmp_path):
    digits = next((copied.tests / "data").rglob("*images*.gz"))
    (copied.student / "data" / "more.gz").write_bytes(digits.read_bytes())
    with pytest.raises(KitError, match="2000 of the hidden digits"):
        list(build.build(copied, ["student"], tmp_path))
    assert list(tmp_path.glob("*.zip")) == []


def test_what_a_run_leaves_behind_is_not_handed_out(copied):
    before = set(skeleton.handed_out(copied))
    for name in ("results.json", "pictures/a.png", "data/MNIST/raw/train-images-idx3-ubyte",
                 ".pytest_cache/x.md", "checks/__pycache__/x.pyc", "data/notes.docx"):  # fmt: skip
        path = copied.student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    assert set(skeleton.handed_out(copied)) == before


@pytest.mark.parametrize(("name", "kit"), [("gradescope", "kit"), ("otter", "files/kit")])
def test_what_graders_get_has_all_that_decides_and_no_solution(assignment, built, name, kit):
    files = contents(built[name])
    assert [name for name in files if "/solution/" in name] == [f"{kit}/solution/digits.py"]
    for inside in (
        "grading.yml",
        "tests/hidden/test_q3_attention.py",
        "autograder/grading/grade.py",
    ):
        assert files[f"{kit}/{inside}"] == (ROOT / inside).read_bytes()
    assert json.loads(files[f"{kit}/built.json"]) == provenance(assignment)
    first = json.loads(files[f"{kit}/first_results.json"])
    assert first["score"] == 0
    assert sum(row["max_score"] for row in first["tests"]) == assignment.points
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n"], input=files[script], check=True)
        assert b"torch_index" not in files["run_autograder"]
    setup = files["setup.sh"].decode()
    assert "torch==2.13.0+cpu torchvision==0.28.0+cpu" in setup
    assert "https://download.pytorch.org/whl/cpu" in setup
    assert not re.search(r"conda|texlive|chromium|playwright|xfce", setup)
    wanted = files["requirements.txt"].decode().splitlines()
    assert any(line.startswith("torch>=") for line in wanted)
    assert any(line.startswith("otter-grader") for line in wanted) is (name == "otter")
    assert not any(line.startswith(("ruff", "mypy", "hypothesis")) for line in wanted)


def test_scripts_may_be_run_and_other_files_not(built):
    with zipfile.ZipFile(built["gradescope"]) as archive:
        runs = {e.filename for e in archive.infolist() if e.external_attr >> 16 & 0o111}
        assert runs == {"setup.sh", "run_autograder"}
        assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_otters_zip_is_laid_out_as_otter_does(assignment, built):
    files = contents(built["otter"])
    top = {name for name in files if "/" not in name}
    assert top >= {"setup.sh", "run_autograder", "run_otter.py", "otter_config.json",
                   "environment.yml"}  # fmt: skip
    tests = {name for name in files if name.startswith("tests/")}
    assert tests == {f"tests/{question}.py" for question in assignment.questions}
    for name in tests:
        compile(files[name], name, "exec")
    settings = json.loads(files["otter_config.json"])
    assert settings["plugins"] == ["autograder.platforms.inside.otter_plugin.Isolated"]


def test_otter_knows_every_setting_of_ours(built):
    config = pytest.importorskip("otter.run").AutograderConfig
    settings = json.loads(contents(built["otter"])["otter_config.json"])
    assert [key for key in settings if not hasattr(config, key)] == []


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name, extras=()):
    """Yield all that a package needs here, directly and through others."""
    waiting, met = [(name, frozenset(extras))], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in met:
            continue
        met.add((name, extras))
        for line in importlib.metadata.requires(name) or []:
            wanted = Requirement(line)
            tries = [{"extra": extra} for extra in (*extras, "")]
            if wanted.marker is None or any(wanted.marker.evaluate(one) for one in tries):
                yield canonical(wanted.name)
                waiting.append((wanted.name, frozenset(wanted.extras)))


def test_every_pin_is_exact_and_there_is_one_for_all_that_is_needed(built):
    names = set()
    for line in contents(built["gradescope"])["requirements.lock"].decode().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[\w.-]+==[\w.+]+( ; python_version (<|>=|==) \"3.\d+\")?", line)
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate():  # on this Python
                names.add(canonical(pin.name))
    extras = ["test"] + (["otter"] if importlib.util.find_spec("otter") else [])
    ours = {"setuptools"}
    assert sorted(set(needed("vit-autograder", extras)) - names - ours) == []


@pytest.mark.parametrize("show", [Show.AFTER_DUE_DATE, Show.AFTER_PUBLISHED, Show.HIDDEN])
def test_rows_that_hide_the_total_are_warned_of(assignment, show):
    def shown(show):
        questions = dict(assignment.questions)
        questions["q2"] = questions["q2"].model_copy(update={"show": show})
        return with_settings(assignment, questions=questions)

    said = list(build.warnings(shown(show), NAMES))
    assert len(said) == 1
    assert said[0].startswith(
        "On Gradescope, q2: rows that students cannot see hide their total score"
    )
    assert list(build.warnings(shown(show), ["student", "prairielearn"])) == []
    assert list(build.warnings(shown(Show.SCORE_ONLY), NAMES)) == []


def test_torch_with_cuda_is_warned_of(assignment):
    kit = with_settings(assignment, install=InstallSettings(torch_index=""))
    said = list(build.warnings(kit, NAMES))
    assert "install.torch_index is empty" in said[0]
    setup = gradescope.files(kit)["setup.sh"].content.decode()
    assert 'torch_index=""' in setup


# --- the command -----------------------------------------------------------------------------


def test_the_command_lists_what_there_is_in_a_line_each(autograder, tmp_path):
    told = autograder("build", "--list", cwd=tmp_path)
    assert told.returncode == 0
    assert [line.split()[0] for line in told.stdout.splitlines()] == NAMES
    assert [zip_.value for zip_ in Zip] == NAMES
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_to_do_next(autograder, tmp_path):
    names = ("gradescope", "student")
    told = autograder("build", *names, "--no-check", "--out", tmp_path / "new" / "dist")
    assert told.returncode == 0, told.stderr
    assert sorted(path.name for path in tmp_path.rglob("*.zip")) == [
        "gradescope.zip",
        "student.zip",
    ]
    assert re.search(r"gradescope\.zip  [\d,]+ kB\n    SHA-256  [0-9a-f]{64}\n", told.stdout)
    assert "Gradescope: Configure Autograder, upload, choose 1 CPU / 1.5 GB." in told.stdout


def test_what_does_not_suit_one_platform_is_nothing_to_the_others(autograder, copied, tmp_path):
    sheet = copied.root / "grading.yml"
    sheet.write_text(
        sheet.read_text().replace("seconds_on_the_clock: 540", "seconds_on_the_clock: 700")
    )
    asked = ("student", "prairielearn", "gradescope")
    told = autograder("build", *asked, "--no-check", "--out", tmp_path / "dist", cwd=copied.root)
    assert told.returncode == 2
    assert (
        "prairielearn.zip was not built: grading.yml: with limits.seconds_on_the_clock: 700"
        in told.stdout
    )
    assert "PrairieLearn's limit of 600 s" in told.stdout
    assert "write 580 or less" in told.stdout
    assert "not built: prairielearn\n" in told.stderr
    assert {path.stem for path in (tmp_path / "dist").iterdir()} == {"student", "gradescope"}


def test_a_kit_that_is_not_fit_is_not_built(autograder, copied, tmp_path):
    (copied.student / "vit.py").write_text("import os\n")
    told = autograder("build", "--out", tmp_path, cwd=copied.root)
    assert told.returncode == 2
    assert "1  student/ is what solution/ generates" in told.stdout
    assert "nothing was built: a promise above is broken" in told.stderr
    assert list(tmp_path.glob("*.zip")) == []


@pytest.mark.parametrize("arguments", [["everything"], ["student", "--out", "grading.yml"]])
def test_a_wrong_call_is_told(autograder, arguments):
    told = autograder("build", "--no-check", *arguments)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert "everything" in told.stderr or "grading.yml" in told.stderr


def test_a_copy_that_is_not_whole_is_told(copied, tmp_path):
    (copied.root / "constraints.txt").unlink()
    with pytest.raises(KitError, match=r"constraints\.txt: cannot be read"):
        list(build.build(copied, ["gradescope"], tmp_path))


def test_a_pin_that_is_missing_is_told(copied, tmp_path):
    (copied.root / "constraints.txt").write_text("torch==2.13.0\n")
    with pytest.raises(KitError, match="it does not pin torchvision"):
        list(build.build(copied, ["gradescope"], tmp_path))


def test_an_old_zip_stays_if_a_new_one_cannot_be_written(tmp_path):
    path = tmp_path / "a.zip"
    write_zip({"a": File(b"1")}, path)
    before = path.read_bytes()
    path.with_name(f".a.zip.{os.getpid()}").mkdir()  # in the way of the new one
    with pytest.raises(KitError, match="cannot be written"):
        write_zip({"a": File(b"2")}, path)
    assert path.read_bytes() == before


# --- where a result comes from ---------------------------------------------------------------


def test_the_digest_changes_with_what_decides_and_with_nothing_else(copied):
    before = suite_digest(copied)
    (copied.student / "README.md").write_text("something else")
    (copied.tests / "hidden" / "notes.txt").write_text("not a test")
    assert suite_digest(copied) == before
    sheet, tests = (
        "grading.yml",
        ("tests/hidden/test_q1_patchify.py", "student/checks/words/compare.py"),
    )
    for name in (sheet, *tests, "solution/digits.py"):
        with (copied.root / name).open("a") as file:
            file.write("\n# changed\n")
        assert suite_digest(copied) != before
        before = suite_digest(copied)


@pytest.fixture
def committed(copied):
    """A copy of the kit whose mark sheet is in a repository."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@b"]
    (copied.root / ".gitignore").write_text("*\n")
    for arguments in (["init"], ["add", "-f", "grading.yml"], [*identity, "commit", "-m", "one"]):
        subprocess.run(["git", *arguments], cwd=copied.root, check=True, capture_output=True)
    return copied


def test_a_commit_is_told_with_its_changes(committed, tmp_path):
    assert commit(tmp_path) == "unknown"
    assert re.fullmatch("[0-9a-f]{40}", commit(committed.root))
    with (committed.root / "grading.yml").open("a") as file:
        file.write("# changed\n")
    assert commit(committed.root).endswith("+changes")


def test_to_ask_for_the_commit_changes_nothing(committed):
    os.utime(committed.root / "grading.yml", (1, 1))  # git would note that it is as before
    index = committed.root / ".git" / "index"
    before = index.read_bytes()
    assert re.fullmatch("[0-9a-f]{40}", commit(committed.root))
    assert index.read_bytes() == before


def test_every_result_says_where_it_comes_from(grader, assignment):
    report = grader.grade(assignment.student, ["q1"])
    refused = grader.grade(assignment.tests / "hidden", ["q1"])
    for facts in (report.facts, refused.facts):
        assert facts["suite"] == suite_digest(load(ROOT))
        assert facts["commit"]
        assert facts["autograder"]


def test_all_that_the_checks_are_made_of_is_packed(assignment):
    packed = kit_files(assignment, "kit")
    made_of = {
        path.relative_to(assignment.root).as_posix()
        for path in (assignment.student / "checks").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    facts = "student/checks/assignment.json"  # for students: graders have grading.yml
    assert {name for name in made_of if f"kit/{name}" not in packed} == {facts}
