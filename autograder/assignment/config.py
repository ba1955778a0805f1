"""Read grading.yml into an Assignment, and say where it is wrong."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from autograder.assignment.exercise import FILES
from autograder.assignment.points import total_of
from autograder.assignment.sound import surprises, unsound
from autograder.errors import ConfigError
from checks.code.forbidden import Forbidden

FILE = "grading.yml"
BUILT = "built.json"  # lies in a kit that was built from a commit, which it names
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
MORE_OF_THE_SAME = "more checks of the same kind"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}

FileName = Annotated[str, Field(pattern=rf"^({'|'.join(map(re.escape, FILES))})$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Show(str, Enum):
    """What a student sees of a question's hidden tests."""

    VISIBLE = "visible"
    SCORE_ONLY = "score_only"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"
    HIDDEN = "hidden"


class LimitSettings(_Strict):
    """How long a student's code may run, and how much memory it may use.

    The first three are of its own time, of which a busy machine takes nothing. The last is by the clock.
    """

    seconds_per_test: Seconds = 20
    seconds_for_training: Seconds = 240
    seconds_in_all: Seconds = 480
    seconds_on_the_clock: Seconds = 540
    memory_mb: Annotated[int, Field(ge=200)] = 1200


class ForbiddenSettings(_Strict):
    """Calls that do not count as the student's own work."""

    calls: Annotated[list[Annotated[str, Field(pattern=r"^\w+(\.[\w*]+)+$")]], Field(min_length=1)]
    instead: Annotated[str, Field(min_length=1)]


class TrainingSettings(_Strict):
    """The run behind the accuracy mark."""

    epochs: Annotated[int, Field(gt=0)] = 14
    epochs_at_first: Annotated[int, Field(ge=0)] = 8  # 0: there is no shorter run before
    batch_size: Annotated[int, Field(gt=0)] = 64
    learning_rate: Annotated[float, Field(gt=0)] = 0.007
    full_credit_from: Annotated[dict[Annotated[int, Field(gt=0)], Share], Field(min_length=1)]
    band: Annotated[float, Field(gt=0, le=1)]


class RubricLine(_Strict):
    """What people look at in a question that is marked by hand, and the points for it."""

    line: Annotated[str, Field(min_length=1)]
    points: Annotated[float, Field(gt=0)]


class Question(_Strict):
    """One line of the mark sheet."""

    title: Annotated[str, Field(min_length=1)]
    points: Annotated[float, Field(ge=0)]
    show: Annotated[Show, Field(strict=False)] = Show.SCORE_ONLY
    hidden_checks: Annotated[str, Field(pattern=r"^[^\n|]+$")] = MORE_OF_THE_SAME  # in one line
    time: Annotated[str, Field(pattern=r"^[^\n|]*$")] = ""  # that students should expect
    by_hand: bool = False  # no tests: a person gives its points
    rubric: list[RubricLine] = []


class Rows(str, Enum):
    """What a row of Gradescope's results is."""

    TEST = "test"
    QUESTION = "question"


class AttemptSettings(_Strict):
    """How often a student may have work graded: at_most so many times in a window of time."""

    per: Annotated[str, Field(pattern=r"^[1-9]\d{0,3}[mhd]$")]
    at_most: Annotated[int, Field(gt=0)]

    @property
    def window(self) -> timedelta:
        return int(self.per[:-1]) * timedelta(**{UNITS[self.per[-1]]: 1})


class GradescopeSettings(_Strict):
    """How results are shown on Gradescope."""

    rows: Annotated[Rows, Field(strict=False)] = Rows.TEST
    attempts: AttemptSettings | None = None
    leaderboard: bool = False


class HandsIn(str, Enum):
    """What `otter run` is given: Otter takes one notebook, ours or the student's."""

    FILES = "files"
    NOTEBOOK = "notebook"


class OtterSettings(_Strict):
    """What is handed in, and what Otter prints. Its other settings would change points: no."""

    hands_in: Annotated[HandsIn, Field(strict=False)] = HandsIn.FILES
    check_cells: bool = False  # grader.check("q1") in the students' notebook
    logo: bool = False
    print_summary: bool = True
    print_score: bool = True
    show_stdout: bool = False
    log_level: Annotated[int, Field(ge=0, le=50)] | None = None


ImageName = Annotated[str, Field(pattern=r"^[a-z0-9][\w.:/-]*$")]


class PrairieLearnSettings(_Strict):
    """How the question stands in a PrairieLearn course."""

    image: ImageName = "vit-autograder"  # what its Dockerfile is built and pushed as
    topic: Annotated[str, Field(min_length=1)] = "Deep learning"  # of infoCourse.json


class AutolabSettings(_Strict):
    """How the assessment stands in an Autolab course."""

    image: ImageName = "vit-autograder"  # what its Dockerfile is built as, where Tango runs
    category: Annotated[str, Field(min_length=1)] = "Assignments"


class InstallSettings(_Strict):
    """Where a grading container's packages come from."""

    torch_index: Annotated[str, Field(pattern=r"^(https?://[\w.:/~%+-]+)?$")] = ""


class Settings(_Strict):
    """Everything in grading.yml."""

    assignment: Annotated[str, Field(min_length=1)]
    files: Annotated[list[FileName], Field(min_length=1)]
    provided: list[str] = []
    limits: LimitSettings = LimitSettings()
    training: TrainingSettings
    gradescope: GradescopeSettings = GradescopeSettings()
    otter: OtterSettings = OtterSettings()
    prairielearn: PrairieLearnSettings = PrairieLearnSettings()
    autolab: AutolabSettings = AutolabSettings()
    install: InstallSettings = InstallSettings()
    forbidden: list[ForbiddenSettings] = []
    round: Annotated[float, Field(gt=0, le=10)] | None = None  # marks of a class, once, at the end
    questions: Annotated[
        dict[Annotated[str, Field(pattern=r"^q[1-9]\d*$")], Question], Field(min_length=1)
    ]


class Assignment:
    """The kit's folder and its settings."""

    def __init__(self, root: Path, settings: Settings, surprises: tuple[str, ...] = ()) -> None:
        self.root, self.settings = root, settings
        self.surprises = surprises  # what works in grading.yml, and may not be meant

    @property
    def questions(self) -> dict[str, Question]:
        """Those that tests give points for."""
        return {name: q for name, q in self.settings.questions.items() if not q.by_hand}

    @property
    def by_hand(self) -> dict[str, Question]:
        """Those that people give points for."""
        return {name: q for name, q in self.settings.questions.items() if q.by_hand}

    @property
    def forbidden(self) -> list[Forbidden]:
        return [Forbidden(entry.calls, entry.instead) for entry in self.settings.forbidden]

    @property
    def solution(self) -> Path:
        return self.root / "solution"

    @property
    def student(self) -> Path:
        return self.root / "student"

    @property
    def tests(self) -> Path:
        return self.root / "tests"

    @property
    def test_folders(self) -> tuple[Path, Path]:
        """The folders of the graded tests: those that students have, and the hidden ones."""
        return self.student / "tests", self.tests / "hidden"

    @property
    def points(self) -> float:
        return total_of(question.points for question in self.questions.values())

    def test_files(self, only: list[str] | None = None) -> list[Path]:
        """Return the graded test files, visible before hidden, of all questions or a few."""
        return [
            path
            for question in only or self.questions
            for folder in self.test_folders
            for path in sorted(folder.glob(f"test_{question}_*.py"))
        ]


def find_root(start: Path | None = None) -> Path:
    """Return the kit's folder: the one with grading.yml, here, above, or where this file is.

    A kit that was built has its own with it: a grading.yml beside a submission would be a student's.
    """
    here, own = (start or Path.cwd()).resolve(), Path(__file__).resolve().parents
    for folder in own if (own[2] / BUILT).is_file() else (here, *here.parents, *own):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(FILE, f"not found in {here} or above", "run this inside the kit's folder")


def load(root: Path | None = None) -> Assignment:
    """Read and check grading.yml. Raises ConfigError with the line and the remedy."""
    root = root or find_root()
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8")
        tree = YAML().load(text)
    except FileNotFoundError:
        raise ConfigError(str(path), "there is no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(FILE, f"it is not UTF-8 text ({error.reason})", "save it so") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = f"this is not YAML: {error.problem or error.context}"
        raise ConfigError(f"{FILE}, line {line}", what, _yaml_remedy(what)) from None
    except YAMLError as error:
        raise ConfigError(FILE, f"this is not YAML: {error}") from None
    if not isinstance(tree, CommentedMap):
        raise ConfigError(FILE, "it holds no settings", "start from the one in the kit")
    try:
        settings = Settings.model_validate(_plain(tree))
    except ValidationError as error:
        raise _config_error(error, tree) from None
    plain = settings.model_dump()
    for found in unsound(plain):
        where = f"{FILE}, line {_line(tree, found.place)}"
        raise ConfigError(where, found.what, found.remedy)
    told = tuple(
        f"{FILE}, line {_line(tree, found.place)}: {found.what}\n    {found.remedy}"
        for found in surprises(plain)
    )
    return _with_tests(Assignment(root, settings, told), tree)


def _yaml_remedy(what: str) -> str:
    if "mapping values" in what:
        return 'a text with a colon stands in quotes, as in title: "Attention: heads"'
    return "look at this line and the one above"


def _with_tests(assignment: Assignment, tree: CommentedMap) -> Assignment:
    """Refuse questions without tests, and tests without a question."""
    for name, by_hand in assignment.settings.questions.items():
        _check_by_hand(assignment, name, by_hand, tree)
    if not assignment.questions:
        raise ConfigError(FILE, "no question has tests", "leave one without `by_hand: true`")
    for question in assignment.questions:
        if not assignment.test_files([question]):
            raise ConfigError(
                f"{FILE}, line {_line(tree, ('questions', question))}",
                f"question {question} has no tests",
                f"write student/tests/test_{question}_<topic>.py, or remove {question} here",
            )
    for folder in assignment.test_folders:
        for path in sorted(folder.glob("test_*.py")):
            question = path.name.split("_")[1]
            if question not in assignment.settings.questions:
                raise ConfigError(
                    path.relative_to(assignment.root).as_posix(),
                    f"there is no question {question} in {FILE}",
                    "name the file test_<question>_<topic>.py, or add the question",
                )
    return assignment


def _check_by_hand(
    assignment: Assignment, name: str, question: Question, tree: CommentedMap
) -> None:
    """Refuse tests of a question that people mark, and a rubric that does not add up."""
    where = f"{FILE}, line {_line(tree, ('questions', name, 'rubric'))}"
    if not question.by_hand:
        if question.rubric:
            raise ConfigError(where, f"{name} has a rubric, and is marked by tests",
                              "add `by_hand: true`, or remove the rubric")  # fmt: skip
        return
    if tests := assignment.test_files([name]):
        raise ConfigError(tests[0].relative_to(assignment.root).as_posix(),
                          f"{name} is marked by hand, and has a test",
                          "remove the file, or `by_hand: true` in grading.yml")  # fmt: skip
    total = total_of(line.points for line in question.rubric)
    if question.rubric and total != question.points:
        what = f"the rubric of {name} adds up to {total:g} points, and {name} has"
        raise ConfigError(where, f"{what} {question.points:g}", "change one of them")
    if len({line.line for line in question.rubric}) < len(question.rubric):
        raise ConfigError(where, f"two lines in the rubric of {name} are called alike",
                          "give each words of its own")  # fmt: skip


def _config_error(error: ValidationError, tree: CommentedMap) -> ConfigError:
    """Turn pydantic's first complaint into where, what, remedy."""
    # A mistyped key makes two complaints: that it is unknown, and that the right one is missing.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    place = tuple(part for part in first["loc"] if part != "[key]")
    where = f"{FILE}, line {_line(tree, place)}"
    inside = ".".join(str(part) for part in place[:-1]) or "the file"
    key = str(place[-1]) if place else ""
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, _known_keys(place), n=1)
        remedy = f"did you mean `{near[0]}`?" if near else f"keys here: {_listed(place)}"
        return ConfigError(where, f"unknown key `{key}` in {inside}", remedy)
    if first["type"] == "missing":
        return ConfigError(where, f"`{key}` is missing in {inside}", f"add `{key}: ...`")
    if first["loc"][-1] == "[key]" and place[0] == "questions":
        return ConfigError(where, f"`{key}` is no name of a question", "call it q1, q2, ...")
    given = first.get("input")
    if place[0] == "files" and len(place) > 1:
        return ConfigError(
            where, f"`files` lists {given!r}", f"only {' and '.join(FILES)} are known"
        )
    what = f"`{key}` is {given!r}: {first['msg'].lower()}"
    return ConfigError(where, what, _remedy(first))


EXAMPLES = {
    "per": "24h, or 30m, or 7d",
    "image": "ghcr.io/your-course/vit-autograder:1",
    "torch_index": "https://download.pytorch.org/whl/cpu",
    "time": "30 to 70 min",
    "round": "0.5, for half points; without the line marks stay exact",
    "hidden_checks": "other sizes, several channels, what must raise an error",
}


def _remedy(first: Any) -> str:
    kind = str(first["type"])
    if kind == "enum" or kind == "literal_error":
        return f"write {first['ctx']['expected']}"
    misfits = ("string_pattern_mismatch", "greater_than", "less_than_equal")
    if kind in misfits and first["loc"][-1] in EXAMPLES:
        return f"write it like this: {EXAMPLES[first['loc'][-1]]}"
    if kind == "string_type" and isinstance(first["input"], (int, float)):
        return f'put it in quotes: "{first["input"]}"'
    if kind.endswith("_type") or kind.endswith("_parsing"):
        return f"write {_article(kind.split('_')[0])} here"
    return "choose a value that fits"


def _article(kind: str) -> str:
    words = {"int": "a whole number", "float": "a number", "string": "text", "list": "a list"}
    return words.get(kind, f"a {kind}")


def _known_keys(place: tuple[Any, ...]) -> list[str]:
    """Return the keys that may stand beside the one at this place."""
    models: dict[tuple[str, ...], type[BaseModel]] = {
        (): Settings,
        ("limits",): LimitSettings,
        ("training",): TrainingSettings,
        ("gradescope",): GradescopeSettings,
        ("gradescope", "attempts"): AttemptSettings,
        ("otter",): OtterSettings,
        ("prairielearn",): PrairieLearnSettings,
        ("autolab",): AutolabSettings,
        ("install",): InstallSettings,
    }
    if place[:1] == ("forbidden",) and len(place) > 1:
        return list(ForbiddenSettings.model_fields)
    parent = tuple(str(part) for part in place[:-1])
    if parent[:1] == ("questions",) and "rubric" in parent[2:3]:
        return list(RubricLine.model_fields)
    model = Question if parent[:1] == ("questions",) else models.get(parent, Settings)
    return list(model.model_fields)


def _listed(place: tuple[Any, ...]) -> str:
    return ", ".join(_known_keys(place))


def _line(tree: Any, place: tuple[Any, ...]) -> int:
    """Return the line of a key, or of the nearest thing above it that exists."""
    line = 0
    for part in place:
        if isinstance(tree, CommentedMap) and part in tree:
            line = tree.lc.key(part)[0]
            tree = tree[part]
        elif isinstance(tree, CommentedSeq) and isinstance(part, int) and part < len(tree):
            line = tree.lc.item(part)[0]
            tree = tree[part]
        else:
            break
    return int(line) + 1


def _plain(tree: Any) -> Any:
    """Return ruamel's tree as plain Python values, which pydantic's strict mode wants."""
    if isinstance(tree, CommentedMap):
        return {key: _plain(value) for key, value in tree.items()}
    if isinstance(tree, CommentedSeq):
        return [_plain(value) for value in tree]
    for kind in (bool, int, float, str):
        if isinstance(tree, kind):
            return kind(tree)
    return tree
