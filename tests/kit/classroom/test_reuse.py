"""What is graded again when something has changed: the questions that it bears on, and no other."""

from dataclasses import replace

import pytest

from autograder.assignment.config import load
from autograder.assignment.provenance import provenance
from autograder.classroom.book import ledger
from autograder.classroom.grading import batch as batches
from autograder.classroom.grading.batch import Asked
from autograder.grading import suite
from autograder.grading.report import collect, cut_short
from autograder.isolation.budget import Spent
from autograder.isolation.noted import Noted
from kit.classroom.class_of import Graders, graded_class, outcome, report_of
from kit.conftest import OneAtATime
from kit.workbench import ROOT

ALL = ("q1", "q2", "q3", "q4", "q5", "q6", "q7")
RIGHT = (ROOT / "solution" / "vit.py").read_text()


@pytest.fixture
def students(tmp_path):
    """Two submissions, one of them handed in twice."""
    for name, text in {"anna": "# 1\n", "ben": "# 2\n", "cleo": "# 2\n"}.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "vit.py").write_text(text)
    return tmp_path / "in"


def answer(kit, spoil=lambda job, report: report):
    """Return what answers a job: everything is passed, and then spoiled."""

    def answered(job):
        outcomes = [outcome(f"{name}.1", "A check.") for name in job.questions]
        return spoil(job, collect(kit, job.questions, outcomes, job.seed))

    return answered


@pytest.fixture
def run(tmp_path, copied, students):
    """run() grades the class with the kit as it is now; returns each job's questions, and all it did."""

    def go(out="out", asked=ALL, seed=3, spoil=lambda *told: told[1], graders=None, against=None):
        kit = load(copied.root)
        graders = graders or Graders(answer(kit, spoil))
        asked_for = Asked(asked, seed, against=against)
        done = batches.run(kit, students, tmp_path / out, asked_for, graders, lambda *_: None)
        return [tuple(job.questions) for job in graders.jobs], done

    return go


def append(path, text="\n# changed\n"):
    path.write_text(path.read_text() + text)


def change(kit, old, new):
    sheet = kit.root / "grading.yml"
    assert sheet.read_text().count(old) == 1
    sheet.write_text(sheet.read_text().replace(old, new))


# --- what a change bears on ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("tests/hidden/test_q6_training.py", ("q6",)),
        ("student/tests/test_q6_training.py", ("q6",)),
        ("tests/hidden/test_q5_light_vit.py", ("q5", "q7")),  # q7 counts where half of q5 is earned
        ("tests/hidden/test_q7_accuracy.py", ("q5", "q7")),  # with what it stands on
        ("tests/hidden/oracles.py", ALL),
        ("student/checks/words/compare.py", ALL),
        ("solution/digits.py", ALL),
    ],
)
def test_a_changed_file_has_the_questions_graded_again_that_it_bears_on(run, copied, file, again):
    assert run()[0] == [ALL, ALL]
    append(copied.root / file)
    jobs, done = run()
    assert jobs == [again, again]
    assert [row.score for row in done.batch.rows] == [100] * 3
    assert run()[0] == []


def test_a_new_test_file_is_its_questions(run, copied):
    run()
    (copied.tests / "hidden" / "test_q2_more.py").write_text(
        "def test_more(vit):\n    '''More.'''\n"
    )
    assert run()[0] == [("q2",)] * 2


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("points: 25", "points: 20", ()),
        ("title: The whole model", "title: All of it", ()),
        ("rows: test ", "rows: question ", ()),
        ("assignment: A", "round: 0.5\nassignment: A", ()),
        ("seconds_per_test: 20 ", "seconds_per_test: 10 ", ALL),
        ("timm.*, ", "", ALL),
        ("14: 0.915", "14: 0.91", ("q5", "q7")),
    ],
)
def test_a_changed_setting_has_the_questions_graded_again_that_it_bears_on(
    run, copied, old, new, again
):
    run()
    change(copied, old, new)
    assert run()[0] == ([again] * 2 if again else [])


def test_changed_points_are_counted_and_nothing_is_graded(run, copied, tmp_path):
    run()
    change(copied, "points: 25", "points: 20")
    jobs, done = run()
    assert (jobs, done.graded, done.kept) == ([], 0, 2)
    assert {(row.score, row.questions["q3"], row.max_score) for row in done.batch.rows} == {
        (95, 20, 95)
    }
    (kept,) = {row.key for row in done.batch.rows if row.submission == "anna"}
    report = ledger.record(tmp_path / "out", kept)
    assert report.facts["suite"] == provenance(load(copied.root))["suite"]
    change(copied, "points: 20", "points: 25")
    assert [row.score for row in run()[1].batch.rows] == [100] * 3


def test_another_seed_grades_all_again(run):
    run()
    assert run(seed=4)[0] == [ALL, ALL]
    assert run(seed=3)[0] == []


def test_another_version_grades_all_again(run, monkeypatch):
    run()
    monkeypatch.setattr("autograder.classroom.book.terms.__version__", "99")
    assert run()[0] == [ALL, ALL]


def test_another_text_is_graded_and_no_other(run, students):
    run()
    (students / "anna" / "vit.py").write_text("# 3\n")
    assert run()[0] == [ALL]
    (students / "anna" / "vit.py").write_text("# 2\n")
    assert run()[0] == []


# --- what a question stands on -------------------------------------------------------------------


def test_what_a_question_stands_on_is_read_from_its_tests(run, copied):
    path = copied.tests / "hidden" / "test_q3_attention.py"
    mark = "import pytest\npytestmark = pytest.mark.stands_on('q' + '2')\n"
    append(path, mark)
    run()
    append(copied.tests / "hidden" / "test_q2_positions.py")
    assert run()[0] == [("q2", "q3")] * 2


def test_what_a_question_takes_from_anothers_tests_is_read_from_them(run, copied):
    append(copied.tests / "hidden" / "test_q4_block.py", "\nimport hidden.test_q1_patchify\n")
    run()
    append(copied.tests / "hidden" / "test_q1_patchify.py")
    assert run()[0] == [("q1", "q4")] * 2


def test_where_the_suite_cannot_be_collected_each_question_may_stand_on_all(copied):
    append(copied.tests / "hidden" / "test_q1_patchify.py",
           "\nimport pytest\npytestmark = pytest.mark.weight()\n")  # fmt: skip
    for path in copied.test_files(["q1"])[:1]:  # its tests have no weight of their own
        path.write_text("import pytest\n\n@pytest.mark.weight()\ndef test_it():\n    '''It.'''\n")
    assert suite.footing(copied).grounds["q2"] == set(ALL)


def test_without_its_ground_a_question_is_another_one(run):
    assert run(asked=("q7",))[0] == [("q7",)] * 2
    assert run()[0] == [ALL] * 2


# --- several runs ----------------------------------------------------------------------------------


def test_some_questions_now_and_all_later_share_what_is_graded(run):
    assert run(asked=("q1", "q2"))[0] == [("q1", "q2")] * 2
    assert run()[0] == [ALL[2:]] * 2
    assert run(asked=("q2", "q5"))[0] == []


def test_an_interrupted_run_goes_on_with_what_is_missing(run, copied):
    run()
    append(copied.tests / "hidden" / "test_q6_training.py")

    def interrupt(job, report):
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(job)
        return report

    interrupted = []
    with pytest.raises(KeyboardInterrupt):
        run(spoil=interrupt)
    jobs, done = run()
    assert jobs == [("q6",)]
    assert (done.graded, done.kept, done.partly) == (1, 1, {("q6",): 1})


def test_what_was_graded_before_a_change_back_is_there_still(run, copied):
    run()
    path = copied.tests / "hidden" / "test_q6_training.py"
    before = path.read_text()
    append(path)
    run()
    path.write_text(before)
    assert run()[0] == []


def test_against_an_earlier_class_only_the_change_is_graded(run, copied, tmp_path):
    run()
    append(copied.tests / "hidden" / "test_q6_training.py")
    assert run("new", against=tmp_path / "out")[0] == [("q6",)] * 2
    assert run("new")[0] == []
    assert run("third", seed=4, against=tmp_path / "out")[0] == [ALL, ALL]
    assert run("fourth")[0] == [ALL, ALL]


def test_records_of_an_earlier_version_stay_and_are_not_used(run, copied, tmp_path):
    kit = load(copied.root)
    reports = {name: report_of(kit) for name in ("anna", "ben")}
    before = graded_class(tmp_path / "out", kit, reports)
    jobs, done = run()
    assert jobs == [ALL, ALL]
    assert [row.score for row in done.batch.rows] == [100] * 3
    assert ledger.record(tmp_path / "out", before.rows[0].key) == reports["anna"]


# --- what is not used again ------------------------------------------------------------------------


def without(*names):
    """Return what leaves these questions without an outcome: that is our fault."""

    def spoil(job, report):
        return replace(
            report,
            questions=tuple(
                replace(one, outcomes=()) if one.id in names else one for one in report.questions
            ),
        )

    return spoil


def test_what_is_our_fault_is_graded_again_and_so_is_what_stands_on_it(run):
    _, done = run(spoil=without("q2"))
    assert {row.status.value for row in done.batch.rows} == {"our fault"}
    jobs, done = run()
    assert jobs == [("q2",)] * 2
    assert [row.score for row in done.batch.rows] == [100] * 3
    run(out="other", spoil=without("q5"))
    assert run(out="other")[0] == [("q5", "q7")] * 2


def test_of_what_was_interrupted_nothing_is_used_again(run):
    run(spoil=lambda job, report: cut_short(report, ()))
    assert run()[0] == [ALL] * 2


def test_of_what_met_a_busy_machine_nothing_is_used_for_another_suite(run, copied):
    run(spoil=lambda job, report: replace(report, too_busy=True))
    assert run()[0] == []
    append(copied.tests / "hidden" / "test_q6_training.py")
    assert run()[0] == [ALL] * 2


def noting(noted, *names):
    """Return what notes something about these questions."""

    def spoil(job, report):
        return replace(
            report,
            questions=tuple(
                replace(one, noted=noted) if one.id in names else one for one in report.questions
            ),
        )

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [noting(Noted(stopped=True), "q3"), noting(Noted(faults=("import",)), "q2", "q4")],
    ids=["time", "file"],
)
def test_verdicts_that_hang_together_are_graded_together(run, copied, spoil):
    run(spoil=spoil)
    change(copied, "points: 25", "points: 20")
    assert run(spoil=spoil)[0] == []  # no verdict can have changed
    append(copied.tests / "hidden" / "test_q6_training.py")
    assert run(spoil=spoil)[0] == [ALL] * 2


def test_a_fault_that_one_question_alone_has_met_holds_no_other(run, copied):
    run(spoil=noting(Noted(faults=("import train",)), "q6"))
    append(copied.tests / "hidden" / "test_q1_patchify.py")
    assert run()[0] == [("q1",)] * 2


@pytest.mark.parametrize(
    "spoil",
    [noting(Noted(stopped=True), "q6"), noting(Noted(faults=("import",)), "q1", "q6")],
    ids=["time", "file"],
)
def test_where_they_come_to_hang_together_all_are_graded_once_more(run, copied, spoil):
    run(spoil=noting(Noted(faults=("import",)), "q1"))
    append(copied.tests / "hidden" / "test_q6_training.py")
    jobs, done = run(spoil=spoil)
    assert jobs == [("q6",), ("q6",), ALL, ALL]
    assert (done.graded, done.partly) == (2, {})
    assert run()[0] == []


def test_parts_of_two_gradings_that_hang_together_are_no_report(run):
    fault = Noted(faults=("import",))
    run(asked=("q1",), spoil=noting(fault, "q1"))
    run(asked=("q2",), spoil=noting(fault, "q2"))
    assert run(asked=("q1", "q2"))[0] == [("q1", "q2")] * 2


# --- really graded ---------------------------------------------------------------------------------

# In one line: where a longer loop was stopped is told as well, and is another line each time.
HANGS = "    B, C, H, W = images.shape\n    while C == 3: pass\n"
TRIED = ("q1", "q2", "q6")
HANDED_IN = {
    "right": (RIGHT, None),
    "wrong": (RIGHT.replace("10000 **", "1000 **"), None),
    "demo": (RIGHT + "\nmodel = LightViT((1, 28, 28)).cuda()\n", None),
    "train": (RIGHT, "import there_is_no_such_package\n"),
    "unreadable": ("def patchify(:\n", None),
    "hangs": (RIGHT.replace("    B, C, H, W = images.shape\n", HANGS, 1), None),
}


MORE = '''

@weight(5)
def test_more(train):
    """There is more of it."""
    train.evaluate
'''


class Here(OneAtATime):
    """One warm grader, here; notes each job."""

    def __init__(self, grader):
        super().__init__(grader)
        self.jobs = []

    def grade(self, jobs):
        return super().grade(self.jobs.append(job) or job for job in jobs)


def but_time(report):
    """Return a report without what differs between any two gradings."""
    questions = tuple(
        replace(
            one,
            noted=replace(one.noted, spent=Spent()),
            outcomes=tuple(replace(each, seconds=0.0) for each in one.outcomes),
        )
        for one in report.questions
    )
    facts = {**report.facts, "time": ""}
    return replace(report, questions=questions, seconds=0.0, facts=facts)


@pytest.fixture
def really(tmp_path, copied, students, run, grader_of):
    change(copied, "seconds_per_test: 20 ", "seconds_per_test: 4 ")  # on a busy machine as well
    train = (copied.solution / "train.py").read_text()
    for folder in list(students.iterdir()):
        (folder / "vit.py").unlink()
        folder.rmdir()
    for name, (vit, own) in HANDED_IN.items():
        (students / name).mkdir()
        (students / name / "vit.py").write_text(vit)
        (students / name / "train.py").write_text(own or train)

    def go(out, asked=TRIED):
        graders = Here(grader_of(load(copied.root)))
        jobs, done = run(out=out, asked=asked, graders=graders)
        reports = {row.submission: but_time(ledger.record(tmp_path / out, row.key))
                   for row in done.batch.rows}  # fmt: skip
        return jobs, reports, done

    return go


def test_put_together_a_report_is_what_one_grading_gives(really, copied, tmp_path):
    really("out", ("q1", "q2"))
    jobs, _, _ = really("out")
    assert sorted(jobs) == [TRIED, TRIED, *[("q6",)] * 4]  # the unreadable, and what hangs
    append(copied.tests / "hidden" / "test_q6_training.py", MORE)
    jobs, together, done = really("out")
    assert done.partly == {("q6",): 4}
    assert sorted(jobs) == [TRIED, TRIED, *[("q6",)] * 4]
    jobs, at_once, _ = really("new")
    assert jobs == [TRIED] * 6
    assert together == at_once
    assert any("left out" in note for note in together["demo"].notes)
