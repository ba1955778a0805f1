"""Known mistakes and right files: that a suite which judges them worse is found out."""

import dataclasses
import re

import pytest

from autograder.assignment.config import load
from autograder.errors import KitError
from autograder.grading.pool import Job, Pool
from autograder.isolation.remote import Call
from autograder.proof import blindspots, corpus, handbook, promises, quality, tolerances
from autograder.proof.quality import Judged, Quality
from autograder.proof.tolerances import Excused, Margin, Side
from kit.workbench import FAST, messages


@pytest.fixture
def slip(assignment):
    """slip("P02") is a known mistake, by its number."""
    known = {one.id: one for one in corpus.slips(assignment)}
    return known.__getitem__


@pytest.fixture
def judged(slip, assignment, grader, tmp_path):
    """judged("P02") is what becomes of it, in a kit that may have been changed."""

    def judge(name, by=grader):
        corpus.lay_out([slip(name)], assignment, tmp_path)
        return Judged(
            slip(name), by.grade(tmp_path, quality.touched(slip(name), assignment), seed=3)
        )

    return judge


# --- the corpora -----------------------------------------------------------------------------


def test_every_question_has_mistakes_that_are_named(assignment):
    slips = corpus.slips(assignment)
    assert len({slip.id for slip in slips}) == len({slip.slip for slip in slips}) == len(slips)
    assert len(slips) >= 150
    for question in FAST:
        assert sum(slip.costs == question and bool(slip.says) for slip in slips) >= 3


def test_a_mistake_that_no_longer_fits_the_solution_is_found(assignment, slip, tmp_path):
    old = slip("A01").model_copy(update={"replace": "/ math.sqrt(dim)"})
    with pytest.raises(KitError, match="'attention without the scaling' does not fit the solution"):
        corpus.lay_out([old], assignment, tmp_path)


def test_a_misspelt_entry_is_named_with_its_file(copied):
    folder = copied.tests / "corpus" / "wrong"
    folder.mkdir(parents=True)
    (folder / "q1.yml").write_text("- slip: x\n  id: P1\n  comon: rare\n")
    with pytest.raises(KitError, match=r"q1.yml: entry 1, `replace`: Field required"):
        corpus.slips(copied)


# --- promise 5: a suite that sees less, or too much --------------------------------------------


def test_a_mistake_that_no_test_sees_survives(judged, copied, grader_of):
    path = copied.tests / "hidden" / "test_q2_positions.py"
    path.write_text(re.sub(r"(vit, \d+), [17]\)", r"\1, 8)", path.read_text()))
    blind = judged("E10", grader_of(copied))
    assert blind.problems == ["'an odd d crashes' (E10) survives: no test of q2 sees it"]
    measured = Quality((blind,), ())
    assert not promises.every_mistake_costs_its_question(measured).kept
    assert measured.scores.startswith("mutation score 0 of 1")


def test_a_mistake_that_costs_two_questions_is_found(judged, copied, grader_of):
    path = copied.tests / "hidden" / "test_q5_light_vit.py"
    path.write_text(path.read_text().replace('EARLIER = ("patchify", ', "EARLIER = ("))
    both = judged("P04", grader_of(copied))
    assert "'patches run down the columns first' (P04) also costs q5" in both.problems


def test_an_edge_that_costs_too_much_is_found(judged, copied, grader_of):
    path = copied.student / "tests" / "test_q1_patchify.py"
    text = path.read_text()
    head, tail = text.split("@weight(1)\ndef test_a_size_that_does_not_divide")
    path.write_text(f"{head}@weight(9)\ndef test_a_size_that_does_not_divide{tail}")
    (problem,) = judged("P11", grader_of(copied)).problems
    assert problem.endswith("and shows at the edges only")


def test_a_wrong_name_is_found(judged, slip):
    right = judged("A01")
    assert right.problems == []
    assert right.named
    other = Judged(slip("A01").model_copy(update={"says": ("something else",)}), right.report)
    assert not other.named
    assert "is named wrongly: These are exactly the numbers" in other.problems[0]
    measured = Quality((other,), ())
    assert not promises.mistakes_are_named(measured).kept


def test_a_right_file_that_loses_a_mark_is_found(grader, submission, edited):
    report = grader.grade(submission(vit=edited("vit", "10000 **", "9000 **")), ["q2"], seed=1)
    measured = Quality((), (("a file", report),))
    promise = promises.every_mistake_costs_its_question(measured)
    assert not promise.kept
    assert promise.problems[0].startswith("a file, which is right, loses q2.1")
    assert "false fails 1 of 1" in promise.note


def test_a_mistake_is_shown_as_small_as_it_is(judged):
    """Patches that run down the columns need two by two of them, of one pixel."""
    said = messages(judged("P04").report)
    assert "with images = arange(4) as one 2x2 picture" in said
    assert "exactly the numbers that come out if the patches run down the columns first." in said
    assert "x of shape (1, 2, 10)" in messages(judged("A06").report)


def test_a_hidden_check_keeps_the_numbers_it_expects(judged):
    hidden = [o for q in judged("E09").report.questions for o in q.outcomes if o.share < 1]
    assert [o.hidden for o in hidden] == [True]
    assert "numbers differ" in hidden[0].message
    assert "expected" not in hidden[0].message
    assert "expected" in hidden[0].details  # for the teacher


# --- blind spots -------------------------------------------------------------------------------


def test_a_suite_that_tries_too_little_is_told_what_it_misses(grader, assignment):
    calls: list[Call] = []
    sights = blindspots.sights(assignment)
    grader.grade(assignment.solution, ["q1", "q3"], seed=1, on_call=calls.append)
    assert blindspots.blind(sights, calls, ["q1", "q3"]) == []
    gray = [c for c in calls if c.name != "patchify" or c.args[0].shape[1] == 1]
    assert blindspots.blind(sights, gray, ["q1"]) == [
        "q1: no test has several channels, without which these are not seen: channels last, or mixed"
    ]
    one_head = [call for call in calls if not call.subject.endswith((", 2)", ", 3)", ", 5)"))]
    assert any("two heads or more" in line for line in blindspots.blind(sights, one_head, ["q3"]))
    assert len(blindspots.blind(sights, [], assignment.questions)) == len(sights)


# --- tolerances --------------------------------------------------------------------------------


def test_an_error_near_a_tolerance_is_found_unless_it_is_excused():
    margin = Margin("A test.", {"float32": Side(0.3, "a file", 7)}, {"float32": Side(4.0, "X", 1)})
    found = tolerances.near({"q1.1": margin}, [])
    assert len(found) == 2
    assert "'a file' with seed 7 in float32 has an error of 0.3 tolerances" in found[0]
    right = Excused(test="A test.", passes_up_to=0.5, because="it is so")
    assert tolerances.near({"q1.1": margin}, [right]) == found[1:]
    wrong = Excused(test="A test.", fails_from=4.0, because="it is so")
    assert tolerances.near({"q1.1": margin}, [wrong]) == found[:1]
    far = Margin("A test.", {"float32": Side(0.1, "a file")}, {"float32": Side(10.0, "X")})
    assert tolerances.near({"q1.1": far}, []) == []


def test_an_excuse_that_cannot_be_read_is_told(copied):
    path = copied.root / tolerances.EXCUSES
    path.parent.mkdir(exist_ok=True)
    path.write_text("- test: x\n  fails_from: soon\n")
    with pytest.raises(KitError, match="because"):
        tolerances.excused(copied)


def test_the_largest_error_of_right_and_the_smallest_of_wrong_are_kept(grader, judged):
    report = judged("A02").report
    found = tolerances.Certificate()
    tolerances.add(found, "A02", 3, report, is_right=False)
    margin = found.tests["q3.2"]
    assert margin.fails["float32"].submission == "A02"
    assert margin.fails["float32"].error > 10


def test_rounding_goes_away_in_float64(assignment):
    with Pool(assignment, processes=1) as pool:
        jobs = [Job("x", assignment.solution, ["q4"], 5, double) for double in (False, True)]
        single, double = (report for _, report in sorted(
            ((job.double, report) for job, report in pool.grade(jobs)), key=lambda pair: pair[0]
        ))  # fmt: skip
    assert single.points == double.points == 15
    (mlp,) = {o.test for o in single.questions[0].outcomes if "GELU" in o.title}
    error = {
        name: next(o.error for o in report.questions[0].outcomes if o.test == mlp)
        for name, report in (("single", single), ("double", double))
    }
    assert 0 < error["double"] < error["single"] / 100


def test_a_test_that_was_not_measured_is_found(assignment, monkeypatch):
    certificate = tolerances.read(assignment)
    assert certificate is not None
    del certificate.tests["q1.1"]
    monkeypatch.setattr(tolerances, "read", lambda _: certificate)
    promise = promises.tolerances_are_far(assignment, Quality((), ()))
    assert not promise.kept
    assert promise.problems[0].startswith("q1.1")
    assert promise.problems[0].endswith("not measured")


# --- pages -------------------------------------------------------------------------------------


def test_a_figure_that_is_no_longer_true_is_found(copied, assignment):
    (copied.root / "docs").mkdir()
    for path in handbook.PAGES:
        (copied.root / path).write_text((assignment.root / path).read_text())
    kit = load(copied.root)
    measured = Quality((), ())
    handbook.write(kit, measured)
    assert handbook.stale(kit, measured) == []
    page = kit.root / "docs" / "grading.md"
    page.write_text(page.read_text().replace("| q1.1 |", "| q1.9 |"))
    (line,) = handbook.stale(kit, measured)
    assert line.startswith("docs/grading.md, line ")
    assert "| q1.1 |" in line
    page.unlink()
    assert handbook.stale(kit, measured) == ["docs/grading.md: is missing"]


def test_a_part_that_nobody_generates_is_an_error(copied):
    (copied.root / "README.md").write_text("<!-- generated: wisdom -->\n<!-- end of wisdom -->\n")
    with pytest.raises(KitError, match="there is no generated part 'wisdom'"):
        handbook.pages(load(copied.root), Quality((), ()))


def test_typical_files_are_listed_with_what_they_earn(assignment, grader, slip, tmp_path):
    one = corpus.typical(assignment)[0]
    corpus.lay_out([slip(name) for name in one.slips], assignment, tmp_path)
    report = grader.grade(tmp_path, FAST, seed=3)
    measured = dataclasses.replace(Quality((), ()), typical=((one.typical, report),))
    text = handbook.pages(assignment, measured)[handbook.PAGES[1]]
    assert f"| {one.typical} | 13 | 15 | 23 | 15 | 15 | 10 | 91 of 95 |" in text


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("wrong/q9.yml", "costs: q9", "Z1: there is no question q9"),
        ("typical.yml", "slips: [Z2]", "a tired student: there is no mistake Z2"),
    ],
)
def test_a_corpus_that_names_what_is_not_there_is_told(copied, file, content, said):
    path = copied.tests / "corpus" / file
    path.parent.mkdir(parents=True)
    slip = "- {slip: x, id: Z1, common: rare, file: vit.py, replace: a, by: b, %s}\n"
    typical = "- {typical: a tired student, %s}\n"
    path.write_text((slip if "wrong" in file else typical) % content)
    with pytest.raises(KitError, match=said):
        corpus.slips(copied) if "wrong" in file else corpus.typical(copied)
