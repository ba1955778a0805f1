"""Nothing that is hidden can be read in what students see, and a planted leak is found."""

import dataclasses

import pytest

from autograder.assignment.config import load
from autograder.formats import gradescope
from autograder.proof import promises
from autograder.proof.leaks import leaks
from autograder.proof.quality import Quality

SEED = 741_852_963


@pytest.fixture
def report(grader, submission, edited):
    """A report with a hidden test that fails, and says what it expected."""
    vit = edited("vit", "10000 ** (", "9999.0 ** (")
    return grader.grade(submission(vit=vit), ["q2"], SEED)


def test_a_report_holds_no_secret(report, assignment):
    assert leaks(report, assignment) == []


def test_hidden_messages_that_are_shown_are_found(report, assignment, monkeypatch):
    monkeypatch.setattr(
        gradescope, "_shown", lambda outcome, show: f"{outcome.message}\n{outcome.details}"
    )
    found = leaks(report, assignment)
    assert any("an answer of q2." in leak for leak in found)


def planted(report, **changes):
    """Change the first outcome of a report."""
    question = report.questions[0]
    first = dataclasses.replace(question.outcomes[0], **changes)
    changed = dataclasses.replace(question, outcomes=(first, *question.outcomes[1:]))
    return dataclasses.replace(report, questions=(changed,))


def test_planted_leaks_are_found(report, assignment):
    line = "expect_tensor(vit.get_positional_embeddings(1, 6), table(1, 6)[0:1],"
    hidden = (assignment.tests / "hidden" / "test_q2_positions.py").read_text().splitlines()
    line = next(text.strip() for text in hidden if "get_positional_embeddings(" in text)
    for text, what in (
        (f"x {line} y", "a line of hidden/test_q2_positions.py"),
        (f"in {assignment.root}/tests/hidden/oracles.py", "a path of this machine"),
        (f"drawn with {SEED}.", "the seed of the hidden inputs"),
        ("LEAK-[0.5, 0.25]", "what a submission has read"),
    ):
        assert any(what in leak for leak in leaks(planted(report, message=text), assignment)), text
        assert any(what in leak for leak in leaks(planted(report, title=text), assignment)), text


def test_the_promise_is_broken_by_a_test_that_tells(copied, grader_of):
    """A hidden test whose title holds an answer shows it to everybody."""
    path = copied.tests / "hidden" / "test_q2_positions.py"
    path.write_text(path.read_text() + "\n\nfrom pathlib import Path\n\n\n"
                    "def test_told(vit):\n    pass\n\n\n"
                    "test_told.__doc__ = f'The answers are in {Path(__file__)}.'\n")  # fmt: skip
    promise = promises.nothing_hidden_shows(grader_of(load(copied.root)), Quality((), ()))
    assert not promise.kept
    assert "a path of this machine can be read" in promise.problems[0]


def test_an_unfinished_stub_tells_nothing_of_a_hidden_test(grader, submission, edited, assignment):
    stub = "    if C == 3:\n        raise NotImplementedError('TODO q1')\n"
    start = "    B, C, H, W = images.shape\n"
    report = grader.grade(submission(vit=edited("vit", start, start + stub)), ["q1"], SEED)
    stubs = [o for o in report.questions[0].outcomes if o.verdict.value == "not started"]
    assert [o.message for o in stubs] == ["Your file still raises TODO q1."]


@pytest.mark.parametrize(
    "raised",
    [
        "NotImplementedError('TODO q1 LE' + f'AK-{images}')",
        "NotImplementedError(f'TODO q{10 + int(images[0, 0, 0, 0] > 0)}')",
        "NotImplementedError('TODO q4')",
        "RuntimeError('TODO q1')",
        "type('NotImplementedError', (Exception,), {})('TODO q1')",
    ],
)
def test_what_only_looks_like_a_stub_is_a_failure_and_tells_nothing(
    grader, submission, edited, assignment, raised
):
    start = "    B, C, H, W = images.shape\n"
    stub = f"    if C == 3:\n        raise {raised}\n"
    report = grader.grade(submission(vit=edited("vit", start, start + stub)), ["q1"], SEED)
    assert not report.our_fault
    lost = [o for o in report.questions[0].outcomes if o.share < 1]
    assert {o.verdict.value for o in lost} == {"failed"}
    for outcome in lost:
        said, place = outcome.message.split("\nat        ")
        assert "TODO" not in said
        assert "what it says is not shown in a hidden check" in said
        assert "vit.py, line " in place
    assert leaks(report, assignment) == []


def test_of_a_traceback_in_a_hidden_test_one_line_is_shown(grader, submission, edited):
    """Which lines it goes through is for the code to choose."""
    start = "    B, C, H, W = images.shape\n"
    deep = "    if C == 3:\n        [(lambda: [][C])() for _ in range(2)]\n"
    report = grader.grade(submission(vit=edited("vit", start, start + deep)), ["q1"], SEED)
    lost = [o for o in report.questions[0].outcomes if o.share < 1]
    assert [o.message.count("\nat        ") for o in lost] == [1] * len(lost)
    assert all(o.details.count("\nat        ") > 1 for o in lost)


@pytest.mark.parametrize("show", ["score_only", "after_due_date", "after_published", "hidden"])
def test_what_a_hidden_test_makes_of_an_exception_is_its_type_alone(
    copied, grader_of, submission, edited, show
):
    text = (copied.root / "grading.yml").read_text()
    (copied.root / "grading.yml").write_text(text.replace("show: score_only", f"show: {show}"))
    vit = edited("vit", "    B, C, H, W = images.shape\n", "    B, C, H, W = images.shape\n"
                 "    if C == 3: raise ValueError('LE' + f'AK-{images}')\n")  # fmt: skip
    kit = load(copied.root)
    report = grader_of(kit).grade(submission(vit=vit), ["q1"], SEED)
    assert report.points < 15
    lost = [o for o in report.questions[0].outcomes if o.share < 1]
    assert all("LEAK-" not in o.message and "ValueError" in o.message for o in lost)
    assert any("LEAK-" in o.details for o in lost)  # the teacher may read it
    assert leaks(report, kit) == []
