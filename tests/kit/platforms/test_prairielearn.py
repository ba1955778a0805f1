"""PrairieLearn's question: what its folder says, and what its entry point leaves behind."""

import json
import re
import shutil
from html.parser import HTMLParser

import jsonschema
import pytest

from autograder.assignment.config import (
    Assignment,
    LimitSettings,
    PrairieLearnSettings,
    Question,
    load,
)
from autograder.errors import KitError
from autograder.platforms import build
from autograder.platforms.artefacts import prairielearn
from kit.platforms import as_prairielearn
from kit.platforms.as_gradescope import CAN_IMITATE, REASON
from kit.platforms.as_prairielearn import ORDINARY_USER, ended, give, job, points, start
from kit.workbench import copy_of, proof, schema, wait_for, with_settings

ENTRY_POINT = prairielearn.ENTRY_POINT
linux_root = pytest.mark.skipif(not CAN_IMITATE, reason=REASON)
INFO = schema("prairielearn_question")
RIGHT = "tests/corpus/right"


@pytest.fixture(scope="module")
def archive(quick_kit, tmp_path_factory):
    [built] = build.build(quick_kit, ["prairielearn"], tmp_path_factory.mktemp("dist"))
    return built.zip.path


@pytest.fixture(scope="module")
def question(archive, tmp_path_factory):
    """The question's folder in a course."""
    return as_prairielearn.unpacked(archive, tmp_path_factory.mktemp("course"))


# --- what the folder says ----------------------------------------------------------------------


def test_info_is_what_prairielearns_schema_asks_for(question):
    info = json.loads((question / "info.json").read_text())
    jsonschema.validate(info, INFO)
    options = info["externalGradingOptions"]
    assert options["entrypoint"] == ENTRY_POINT
    assert (question / "tests" / "run.sh").is_file()  # which is mounted there
    assert not options["enableNetworking"]
    assert info["partialCredit"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"uuid": "7"},
        {"type": "v4"},
        {"topic": None},
        {"gradingMethod": "external"},
        {"externalGradingOptions": {"entrypoint": ENTRY_POINT}},
        {"externalGradingOptions": {"image": "i", "timeout": 1.5}},
        {"externalGradingOptions": {"image": "i", "timeOut": 15}},
        {"points": 100},
    ],
)
def test_the_schema_refuses_what_a_course_would_not_sync(question, wrong):
    info = json.loads((question / "info.json").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(info | wrong, INFO)


def test_settings_stand_in_the_question(assignment):
    asked = PrairieLearnSettings(image="ghcr.io/us/vit:2", topic="Vision")
    info = prairielearn.info(with_settings(assignment, prairielearn=asked), 60)
    jsonschema.validate(info, INFO)
    assert (info["topic"], info["externalGradingOptions"]["image"]) == ("Vision", asked.image)
    assert info["uuid"] == prairielearn.info(assignment, 60)["uuid"]
    settings = assignment.settings.model_copy(update={"assignment": "Another"})
    other = prairielearn.info(Assignment(assignment.root, settings), 60)
    assert other["uuid"] != info["uuid"]


def test_the_grader_ends_before_prairielearn_does(question):
    info = json.loads((question / "info.json").read_text())
    own = re.search(r"--kill-after=(\d+) (\d+) ", (question / "tests" / "run.sh").read_text())
    assert int(own[1]) + int(own[2]) < info["externalGradingOptions"]["timeout"] <= 600


def test_a_server_that_kills_after_a_minute_has_a_setting(quick_kit, tmp_path):
    """The entry point ends the grading before that."""
    copied = copy_of(quick_kit, tmp_path)
    sheet = copied.root / "grading.yml"
    text = sheet.read_text()
    for limit, seconds in (("for_training", 25), ("in_all", 30), ("on_the_clock", 40)):
        text = re.sub(rf"(seconds_{limit}:) \d+", rf"\1 {seconds}", text)
    sheet.write_text(text)
    files = prairielearn.files(load(tmp_path))
    [info] = [json.loads(f.content) for name, f in files.items() if name.endswith("/info.json")]
    assert info["externalGradingOptions"]["timeout"] == 60
    [run] = [f.content for name, f in files.items() if name.endswith("/tests/run.sh")]
    assert b"--kill-after=5 52 " in run


def test_a_grading_that_is_too_long_for_prairielearn_is_told(assignment):
    limits = LimitSettings(seconds_on_the_clock=900)
    with pytest.raises(KitError, match=r"limits\.seconds_on_the_clock: 900 .*\n?.*600 s") as told:
        prairielearn.files(with_settings(assignment, limits=limits))
    assert "write 580 or less" in str(told.value)


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag.startswith("pl-"):
            self.found[tag] = dict(attrs)


def test_the_page_takes_the_files_or_a_notebook_and_shows_what_came_out(question, assignment):
    found = Elements((question / "question.html").read_text()).found
    names = found["pl-file-upload"]["optional-file-names"]
    assert names.split(", ") == list(assignment.settings.files)
    assert found["pl-file-upload"]["optional-file-patterns"] == "*.ipynb"
    assert found.keys() >= {
        "pl-question-panel",
        "pl-submission-panel",
        "pl-external-grader-results",
    }
    given = found["pl-file-download"]["file-name"]
    assert (question / "clientFilesQuestion" / given).is_file()


def test_what_a_title_holds_is_no_markup(assignment):
    questions = dict(assignment.questions)
    questions["q1"] = Question(title="<script> {{params}}", points=1)
    files = prairielearn.files(with_settings(assignment, questions=questions))
    [page] = [file.content for name, file in files.items() if name.endswith("question.html")]
    assert b"&lt;script&gt;" in page
    assert b"<script>" not in page
    assert b"{{params}}" not in page  # PrairieLearn would fill it in


def test_the_image_has_the_packages_and_nothing_of_the_kit(archive, quick_kit):
    files = prairielearn.files(quick_kit)
    image = {name for name in files if name.startswith("image/")}
    assert image == {f"image/{n}" for n in ("Dockerfile", "requirements.txt", "requirements.lock")}
    recipe = files["image/Dockerfile"].content.decode()
    assert recipe.count("FROM ") == 1
    assert "COPY requirements.txt requirements.lock /autograder/" in recipe
    assert "--index-url" not in recipe  # this kit takes torch from pip's own index
    assert not any("hidden" in name for name in image)
    with_cpu = quick_kit.settings.install.model_copy(update={"torch_index": "https://a.b/cpu"})
    files = prairielearn.files(with_settings(quick_kit, install=with_cpu))
    assert "--index-url https://a.b/cpu torch==" in files["image/Dockerfile"].content.decode()


# --- what its entry point leaves -----------------------------------------------------------------


def graded(question, submission, place, user=0, also=()):
    folder = job(question, submission, place / "job")
    if user:
        give(folder, user)
    return ended(start(folder, ENTRY_POINT, user, also), folder)


@linux_root
@pytest.mark.parametrize("user", [0, ORDINARY_USER])
def test_the_points_are_those_of_autograder_grade(question, submissions, wanted, tmp_path, user):
    told = graded(question, submissions["half-done"], tmp_path, user)
    assert told.succeeded, told.said
    assert points(told.results) == wanted["half-done"]
    assert told.results["gradable"]
    assert all(test["max_points"] > 0 for test in told.results["tests"])
    assert re.search(r"^seed: \d+$", told.said, flags=re.M)
    assert f"not in force: {'own user' if user else 'none'}\n" in told.said


@proof
@linux_root
def test_files_named_like_the_platforms_change_nothing(question, submissions, wanted, tmp_path):
    taken = submissions["half-done"]
    for name in ("results/results.json", "tests/run.sh", "tests/kit/grading.yml", "data/data.json",
                 "grade.py", "kit/autograder/__init__.py", "sitecustomize.py", "json.py"):  # fmt: skip
        (taken / name).parent.mkdir(parents=True, exist_ok=True)
        (taken / name).write_text('raise SystemExit("taken over")\n')
    (taken / "results" / "link").symlink_to("/grade/tests")
    told = graded(question, taken, tmp_path)
    assert points(told.results) == wanted["half-done"]
    assert "taken over" not in told.said


@linux_root
def test_what_cannot_be_read_is_not_gradable(question, assignment, tmp_path):
    notebook = next((assignment.root / RIGHT / "44_notebook_plain").glob("*.ipynb"))
    two, broken = tmp_path / "two", tmp_path / "broken"
    two.mkdir()
    broken.mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        shutil.copy(notebook, two / name)
    (broken / "vit.py").write_text("def patchify(:\n")
    said = {None: "There is no vit.py", two: "There are 2 notebooks", broken: "vit.py, line 1"}
    for number, (folder, reason) in enumerate(said.items()):
        told = graded(question, folder, tmp_path / str(number))
        assert told.succeeded, told.said
        assert told.results["gradable"] is False, told.results
        assert reason in told.results["format_errors"][0]


@linux_root
def test_where_no_results_can_be_written_the_log_says_so(question, assignment, tmp_path):
    folder = job(question, assignment.student, tmp_path / "job")
    told = ended(start(folder, ENTRY_POINT, ORDINARY_USER), folder)  # the folder is root's
    assert not told.succeeded
    assert "/grade/results/results.json cannot be written. Let the container's user" in told.said


@linux_root
def test_the_last_results_that_fit_on_the_disk_stand(question, submissions, tmp_path):
    keep = "cp -r /grade/results /grade/kept"
    folder = job(question, submissions["half-done"], tmp_path / "job")
    run = folder / "tests" / "run.sh"
    run.write_text(run.read_text().replace("\nexit 0", f"\n{keep}\nexit 0"))
    full = ("mkdir /grade/results", "mount -t tmpfs -o size=8k tmpfs /grade/results")
    process = start(folder, ENTRY_POINT, also=full)
    said, _ = process.communicate()
    assert process.returncode == 0
    assert "/grade/results/results.json: cannot be written: No space left" in said
    results = json.loads((folder / "kept" / "results.json").read_text())
    jsonschema.validate(results, schema("prairielearn"))


HANGS = "def patchify(images, n_patches):\n    while True:\n        pass\n"


@pytest.fixture
def hanging(question, tmp_path):
    """A job whose submission hangs."""
    (tmp_path / "hangs").mkdir()
    (tmp_path / "hangs" / "vit.py").write_text(HANGS)
    return job(question, tmp_path / "hangs", tmp_path / "job")


@linux_root
def test_a_grading_that_comes_to_its_limit_ends_by_itself(hanging):
    """However far it is by then: there are results, and the status that PrairieLearn wants."""
    run = hanging / "tests" / "run.sh"
    run.write_text(re.sub(r"--kill-after=\d+ \d+ ", "--kill-after=60 5 ", run.read_text()))
    told = ended(start(hanging, ENTRY_POINT), hanging)
    assert told.succeeded, told.said
    assert told.results["gradable"] is False
    assert "did not come to its end" in told.results["format_errors"][0]


@linux_root
def test_a_container_that_is_killed_leaves_whole_results(hanging):
    process = start(hanging, ENTRY_POINT)
    place = hanging / "results" / "results.json"
    wait_for(place.exists)
    told = ended(process, hanging, seconds=0)
    assert not told.succeeded  # PrairieLearn tells of its time limit, and reads no results
    jsonschema.validate(json.loads(place.read_text()), schema("prairielearn"))
