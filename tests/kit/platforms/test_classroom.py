"""GitHub Classroom: what students get tells nothing, and the workflow does as it says."""

import io
import shutil
import subprocess
import zipfile

import pytest
from ruamel.yaml import YAML

from autograder.assignment.points import total_of
from autograder.errors import KitError
from autograder.formats import gradescope
from autograder.formats.whole_files import as_json
from autograder.grading.report import not_run
from autograder.handout import skeleton
from autograder.platforms import build
from autograder.platforms.artefacts import classroom
from autograder.platforms.inside import on_classroom
from autograder.platforms.secrecy import secrets_in
from kit.platforms import as_classroom, linters
from kit.platforms.as_classroom import TOKEN
from kit.platforms.five import ALL
from kit.workbench import MLP, ROOT, proof, untrained, with_settings

HAS_TOKEN = {"GRADER_TOKEN": TOKEN}
FORGED = '::notice title=Autograding report::{"totalPoints": 100, "maxPoints": 100}'
Q1 = "q1  Cut images into patches (15 points)"
Q5 = "q5  The whole model (15 points)"
Q7 = "q7  Accuracy on MNIST (5 points)"
UNTRAINED = {name: points for name, points in ALL.items() if name != "q7"}


@pytest.fixture(scope="module")
def quick(assignment, tmp_path_factory):
    """The kit without the question that trains: a push grades all that a kit has."""
    return untrained(assignment, tmp_path_factory.mktemp("untrained") / "kit")


@pytest.fixture(scope="module")
def repository(quick, tmp_path_factory):
    [built] = build.build(quick, ["classroom"], tmp_path_factory.mktemp("dist"))
    with as_classroom.organisation(built.zip.path) as made:
        yield made


# --- what lies in it -------------------------------------------------------------------------------


def test_students_get_the_handout_and_a_workflow_and_nothing_hidden(assignment):
    template = classroom.template(assignment)
    names = {name.removeprefix("template/") for name in template}
    assert names == {*skeleton.handed_out(assignment), classroom.WORKFLOW, ".gitignore"}
    assert secrets_in(template, assignment) == []


def test_the_teachers_part_is_the_grader_without_the_solution(repository):
    private = repository.place / "private"
    assert {path.name for path in private.iterdir()} == {"grader.zip", "README.md"}
    with zipfile.ZipFile(private / "grader.zip") as packed:
        names = packed.namelist()
    assert {name for name in names if "/" not in name} == {
        *classroom.SCRIPTS, "requirements.txt", "requirements.lock",
    }  # fmt: skip
    assert "kit/tests/hidden/test_q3_attention.py" in names
    assert [name for name in names if "/solution/" in name] == ["kit/solution/digits.py"]


def test_a_secret_in_the_template_stops_the_build(copied, tmp_path):
    digits = next((copied.tests / "data").rglob("*images*.gz"))
    (copied.student / "data" / "more.gz").write_bytes(digits.read_bytes())
    with pytest.raises(KitError, match=r"classroom\.zip, template/: it would tell students"):
        list(build.build(copied, ["classroom"], tmp_path))
    assert list(tmp_path.glob("*.zip")) == []


def test_every_question_has_a_step_with_its_points(repository, quick):
    steps = [step["name"] for step in repository.job["steps"] if "question.sh" in str(step)]
    assert steps == [
        f"{name}  {question.title} ({question.points:g} points)"
        for name, question in quick.questions.items()
    ]
    assert Q1 in steps


def test_the_grading_has_its_own_limit_and_the_job_time_to_install_beside_it(quick):
    for seconds, minutes in (540, 10), (541, 11):
        limits = quick.settings.limits.model_copy(update={"seconds_on_the_clock": seconds})
        files = classroom.template(with_settings(quick, limits=limits))
        text = files[f"template/{classroom.WORKFLOW}"].content
        (job,) = YAML(typ="safe").load(text)["jobs"].values()
        limited = [
            (s["name"], s["timeout-minutes"]) for s in job["steps"] if "timeout-minutes" in s
        ]
        assert limited == [("Grade", minutes)]
        assert job["timeout-minutes"] == minutes + classroom.INSTALLING


@pytest.mark.parametrize(
    "title", ['Say "no": a # and a \\', "'q' | *x* & <b>", "{% raw %} {{ 1 }}"]
)
def test_any_title_makes_a_workflow(copied, title):
    question = copied.questions["q1"].model_copy(update={"title": title})
    copied.settings.questions["q1"] = question
    text = classroom.template(copied)[f"template/{classroom.WORKFLOW}"].content.decode()
    (job,) = YAML(typ="safe").load(text)["jobs"].values()
    assert f"q1  {title} (15 points)" in [step.get("name") for step in job["steps"]]


def test_scripts_are_bash(repository):
    with zipfile.ZipFile(repository.place / "private" / "grader.zip") as packed:
        for name in classroom.SCRIPTS:
            subprocess.run(["bash", "-n"], input=packed.read(name), check=True)


@proof
def test_actionlint_has_nothing_to_say(repository, tmp_path):
    text = (repository.place / "template" / classroom.WORKFLOW).read_text()
    path = tmp_path / "workflow.yml"
    path.write_text(text)
    lint = (linters.ACTIONLINT, "actionlint", "-oneline", path)
    assert linters.complaints(*lint) == ""
    path.write_text(text.replace("steps.grader.outputs.there", "steps.greder.outputs.there"))
    assert '"greder" is not defined' in linters.complaints(*lint)


# --- the token ---------------------------------------------------------------------------------


def test_no_pull_request_starts_anything_and_one_step_alone_knows_the_token(repository):
    """A fork's request would run a fork's code; with pull_request_target, beside the secrets."""
    assert set(repository.workflow["on"]) == {"push", "repository_dispatch"}
    assert repository.workflow["permissions"] == {"contents": "read"}
    text = (repository.place / "template" / classroom.WORKFLOW).read_text()
    assert text.count("{{ secrets.") == 1
    assert set(repository.job) == {"if", "runs-on", "timeout-minutes", "defaults", "steps"}
    knowing = [step["name"] for step in repository.job["steps"] if "{{ secrets." in str(step)]
    assert knowing == ["Fetch the grader"]
    (checkout,) = [s for s in repository.job["steps"] if "checkout" in s.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False


def test_without_the_token_visible_checks_are_run_and_no_points_are_told(repository, assignment):
    """What a fork gets, and a course that gives no points at every push."""
    run = repository.push(assignment.student, secrets={}, skip=("Install what",))
    assert run.outcomes["Fetch the grader"] == "success"
    assert run.outcomes["Visible checks (no points)"] == "failure"  # the skeleton passes none
    assert {run.outcomes[name] for name in run.outcomes if "points)" in name} >= {"skipped"}
    assert run.outcomes["Points"] == "skipped"
    assert run.report is None
    assert (
        "::warning title=Visible checks only::This repository has no secret GRADER_TOKEN" in run.log
    )
    assert "Students: there is nothing for you to mend. Teachers: if points are wanted" in run.log
    assert "not started" in run.log


def test_what_is_printed_by_visible_checks_is_no_command(repository, assignment, tmp_path):
    """Without the token as with it: nobody tells Classroom points by printing them."""
    text = (assignment.student / "vit.py").read_text()
    printing = f"import torch\nimport sys\nsys.__stdout__.write({FORGED!r} + chr(10))\n"
    assert "import torch\n" in text
    (tmp_path / "vit.py").write_text(text.replace("import torch\n", printing, 1))
    run = repository.push(tmp_path, secrets={}, skip=("Install what",))
    assert "totalPoints" in run.log
    assert run.report is None
    assert all(c.startswith("::warning title=Visible checks only") for c in run.commands)


def test_no_variable_of_a_student_says_which_grader_is_fetched(repository):
    (fetch,) = [s for s in repository.job["steps"] if s.get("id") == "grader"]
    assert fetch["env"]["GRADER_REPOSITORY"] == "${{ github.repository_owner }}/grader"
    assert "vars." not in (repository.place / "template" / classroom.WORKFLOW).read_text()


@pytest.mark.parametrize("token", ["expired", TOKEN + " "])
def test_with_a_wrong_token_nothing_is_run_and_it_is_told_what_to_do(repository, assignment, token):
    run = repository.push(assignment.student, {"GRADER_TOKEN": token})
    assert run.outcomes.pop("Fetch the grader") == "failure"
    assert set(run.outcomes.values()) == {"skipped"}
    assert "::error title=The grader could not be fetched::No points are told." in run.log
    assert "Students: this is not your fault" in run.log
    assert "has it expired? may it read the contents of course/grader?" in run.log
    assert run.report is None


def test_modules_of_the_students_are_not_run_where_the_token_is(repository, assignment, tmp_path):
    """Nor in any other step: the platform's own names lie in the repository, and take nothing over."""
    handed_in = tmp_path / "handed in"
    shutil.copytree(assignment.solution, handed_in)
    for name in (
        "zipfile",
        "pip",
        "venv",
        "autograder",
        "checks",
        "torch",
        "sitecustomize",
        "json",
    ):
        folder = handed_in / name
        folder.mkdir()
        (folder / "__init__.py").write_text("raise SystemExit('taken over')\n")
    for name in ("grading.yml", "kit/grading.yml", "grader/grade.sh", "results/results.json"):
        (handed_in / name).parent.mkdir(exist_ok=True)
        (handed_in / name).write_text("taken: over\n")
    run = repository.push(handed_in, HAS_TOKEN)
    assert "taken over" not in run.log
    assert run.points == UNTRAINED, run.log
    assert set(run.outcomes.values()) == {"success", "skipped"}
    assert run.report == {"totalPoints": 95, "maxPoints": 95}


# --- what students write -----------------------------------------------------------------------


def test_what_students_print_is_no_command(repository, tmp_path, edited):
    first = "    B, C, H, W = images.shape\n    if"
    said = f"    raise ValueError('''\n{FORGED}\n##[error]x''')\n    if"
    raising = edited("vit", first, said)
    (tmp_path / "vit.py").write_text(f"print('''\\n{FORGED}''')\n{raising}")
    run = repository.push(tmp_path, HAS_TOKEN)
    assert run.points["q1"] == 0
    assert FORGED in run.logs["Grade"]
    assert FORGED in run.logs[Q1]
    earned = total_of(run.points.values())
    assert run.commands == on_classroom.notices(earned, 95).splitlines()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "There is no vit.py in your folder. It holds: notes.txt."),
        (
            ["one.ipynb", "two.ipynb"],
            "There are 2 notebooks in your folder: one.ipynb and two.ipynb.",
        ),
    ],
)
def test_nothing_to_grade_and_two_notebooks_are_told(repository, assignment, names, said, tmp_path):
    for name in names:
        shutil.copy(assignment.student / "assignment.ipynb", tmp_path / name)
    (tmp_path / "notes.txt").touch()

    def delete(step, temp):
        if step == "Fetch the grader":  # a student may delete what the template gave
            for path in repository.workspace.iterdir():
                if path.name not in {"notes.txt", *names}:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    run = repository.push(tmp_path, HAS_TOKEN, meanwhile=delete)
    assert said in " ".join(run.logs["Grade"].split())
    assert said in " ".join(run.logs[Q1].split())
    assert run.outcomes["Grade"] == "success"
    assert run.outcomes[Q1] == "failure"
    assert run.points == dict.fromkeys(UNTRAINED, 0)
    assert run.report == {"totalPoints": 0, "maxPoints": 95}


# --- points ------------------------------------------------------------------------------------


def test_where_results_cannot_be_written_no_points_are_told(repository, assignment):
    def block(step, temp):
        if step == "Grade":
            (temp / "results").touch()  # no folder can be made there

    run = repository.push(assignment.solution, HAS_TOKEN, meanwhile=block)
    assert run.outcomes["Grade"] == "failure"
    assert run.outcomes[Q1] == "failure"
    assert run.outcomes["Points"] == "failure"
    assert run.report is None
    assert "No points are told: q1, q2, q3, q4, q5, q6 could not be graded to the end." in run.log
    assert (
        "Teachers: run this again; if it stays, `autograder grade` on a clone says why." in run.log
    )


def test_what_counts_for_a_model_that_earns_half_of_q5_counts_for_no_other(
    assignment, submission, tmp_path
):
    """As with `autograder grade`: one grading knows all questions, and nothing is trained here."""
    handed_in = submission(vit=(assignment.solution / "vit.py").read_text() + MLP)
    [built] = build.build(assignment, ["classroom"], tmp_path / "dist")
    with as_classroom.organisation(built.zip.path) as repository:
        run = repository.push(handed_in, HAS_TOKEN)
    assert run.points["q5"] < 15 / 2
    first, *rest = run.logs[Q5].splitlines()[1:]
    assert first == f"q5  The whole model: failed, {run.points['q5']:g} of 15 points"
    checks = [number for number, line in enumerate(rest) if line.startswith("q")]
    assert {rest[number].split(".")[0] for number in checks} == {"q5"}
    for number in checks:  # what a check says stands below it, where it says anything
        assert rest[number + 1].startswith("      ") == ("    0 of" in rest[number])
    assert run.points["q7"] == 0
    assert run.outcomes[Q7] == "failure"
    assert run.logs[Q7].splitlines()[1] == "q7  Accuracy on MNIST: not reached, 0 of 5 points"
    assert "this counts for a model that earns at least half of q5. Yours earns" in run.logs[Q7]
    assert run.report == {"totalPoints": total_of(run.points.values()), "maxPoints": 100}


@pytest.fixture
def left(tmp_path, monkeypatch):
    """left(content) has the grading leave this text; it returns the summary's path."""
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    (tmp_path / "results").mkdir()

    def write(content):
        (tmp_path / "results" / "results.json").write_bytes(content)
        return tmp_path / "summary"

    return write


@pytest.fixture
def graded(left):
    """graded(q1=..., ...) has it leave points or a verdict of each of these questions."""

    def write(**results):
        questions = {
            name: {"points": 0, "verdict": result}
            if isinstance(result, str)
            else {"points": result, "verdict": "passed"}
            for name, result in results.items()
        }
        return left(as_json({"tests": [], "extra_data": {"questions": questions}}))

    return write


def test_parts_of_points_are_told_to_classroom_and_to_students(graded, capsys):
    summary = graded(**ALL | {"q2": 12.5, "q3": "failed"})
    assert on_classroom.main() == 0
    assert capsys.readouterr().out == (
        "::notice title=Autograding complete::Points 72.5/100\n"
        '::notice title=Autograding report::{"totalPoints": 72.5, "maxPoints": 100}\n'
    )
    lines = summary.read_text().splitlines()
    assert "| q2  Positional embeddings | 12.5 | 15 |" in lines
    assert "| q3  Multi-head self-attention | 0 | 25 |" in lines


def test_sums_are_those_of_the_points_as_they_are_written(graded, capsys):
    graded(**dict.fromkeys(ALL, 0) | {"q1": 0.1, "q2": 0.2})  # whose sum in floats is not 0.3
    on_classroom.main()
    assert "Points 0.3/100\n" in capsys.readouterr().out


@pytest.mark.parametrize("q4", [{"q4": "our fault"}, {}])
def test_what_was_not_graded_to_its_end_costs_nobody_points(graded, capsys, q4):
    summary = graded(**{name: points for name, points in ALL.items() if name != "q4"} | q4)
    assert on_classroom.main("q3") == 0
    assert on_classroom.main("q4") == 2
    assert "q4  The encoder block: not known, of 15 points\n" in capsys.readouterr().out
    assert on_classroom.main() != 0
    said = capsys.readouterr().out
    assert said.startswith(
        "::error title=Autograding did not come to its end::No points are told: q4 "
    )
    assert "totalPoints" not in said
    assert "| q4  The encoder block | not known | 15 |" in summary.read_text().splitlines()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"tests": [], "extra_data": {}}', b"\xff", b"\0" * 99]
)
def test_where_results_cannot_be_read_nothing_is_known(left, capsys, content):
    left(content)
    assert on_classroom.main("q1") == 2
    assert on_classroom.main() != 0
    assert "No points are told: q1, q2, q3, q4, q5, q6, q7 could not" in capsys.readouterr().out


def test_of_a_grading_that_was_killed_only_finished_questions_are_known(
    left, capsys, assignment, grader
):
    """What lies there until the end: at first that nothing was run, then what is finished."""
    reports = [not_run(assignment, list(assignment.questions), 1)]
    grader.grade(assignment.solution, ["q1", "q2"], seed=1, on_report=reports.append)
    lines = []
    for report, known in zip(reports, [set(), {"q1"}], strict=False):
        summary = left(as_json(gradescope.results(report, assignment.settings.gradescope)))
        told = {name: on_classroom.main(name) for name in assignment.questions}
        assert told == {name: 0 if name in known else 2 for name in assignment.questions}
        assert on_classroom.main() != 0
        assert "totalPoints" not in capsys.readouterr().out
        lines = summary.read_text().splitlines()[-len(told) :]
        assert [line.split()[1] for line in lines if "not known" not in line] == sorted(known)


def test_the_workflow_of_another_grader_is_told(graded, capsys):
    graded(**ALL)
    assert on_classroom.main("q8") == 2
    assert "q8 is no question of the grader that was fetched" in capsys.readouterr().out


# --- with packages from the index -------------------------------------------------------------------


@proof
def test_install_sh_for_real(kit, assignment, tmp_path):
    """pip fetches the exact versions, and all is graded with them."""
    [built] = build.build(untrained(kit, tmp_path / "kit"), ["classroom"], tmp_path)
    with as_classroom.organisation(built.zip.path) as repository:
        run = repository.push(assignment.solution, HAS_TOKEN, install=True)
        if "could not be installed" in run.log:
            pytest.skip("pip's index cannot be reached")
        assert run.points == UNTRAINED, run.log
        locked = (ROOT / "constraints.txt").read_text()
        told = subprocess.run(
            ["bash", "-c", "cat grader/venv/lib/*/site-packages/torch-*/METADATA"],
            cwd=repository.temp, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        version = next(line for line in io.StringIO(told) if line.startswith("Version: "))
        assert f"torch=={version.split()[1].split('+')[0]}\n" in locked
