"""What is listed to be looked at: whom it is about, and why."""

import csv
import io
from dataclasses import replace

import pytest

from autograder.classroom.book.ledger import Row, Status
from autograder.classroom.report import concerns
from autograder.classroom.report.concerns import Concern, Why
from autograder.classroom.report.same_files import EXACTLY, SPACED, SameFiles, nobodys
from autograder.classroom.report.table import name_order
from autograder.cli.asked import boundaries_of
from autograder.errors import KitError
from autograder.grading.report import collect, refuse
from checks.telling import wording
from checks.telling.wording import Verdict
from kit.classroom.class_of import outcome, report_of

RAISED = "called    patchify(x, 2)\ngot       {}\nat        vit.py, line 1, in <module>: {}"
NOT_LOADED = [
    (
        wording.syntax_error("vit.py", 3, "invalid syntax", "def ("),
        "vit.py, line 3: invalid syntax",
    ),
    (RAISED.format("ModuleNotFoundError: No module named 'einopsx'", "import einopsx"), "einopsx"),
    (
        RAISED.format("ImportError: attempted relative import", "from .a import b"),
        "from .a import b",
    ),
    (wording.absent("vit.py", "patchify", []), "has no `patchify`"),
]


def not_reached(assignment, said, verdict=Verdict.NOT_REACHED):
    """A report whose first question says this, and whose others work."""
    first = replace(outcome("q1.1", "A check.", 0.0, said), verdict=verdict)
    rest = outcome("q1.2", "Another.", 0.0, wording.fails_first("q1.1"))
    rest = replace(rest, verdict=Verdict.NOT_REACHED)
    return collect(assignment, ("q1", "q2"), [first, rest, outcome("q2.1", "A third.")], 7)


def found(report):
    return list(concerns.of_report("ann", report))


def row(name="ann", score=50.0, **facts):
    known = {"status": Status.GRADED, "counts": True, "max_score": 100.0, "content": "x"} | facts
    return Row(name, name, name, name, score=score, **known)


@pytest.mark.parametrize(("said", "shown"), NOT_LOADED)
def test_a_file_that_did_not_load_is_listed_with_the_cause(assignment, said, shown):
    (one,) = found(not_reached(assignment, said))
    assert (one.why, one.submissions) == (Why.NOT_LOADED, ("ann",))
    assert one.what.startswith("q1: ")
    assert shown in one.what
    assert "\n" not in one.what


def test_a_file_that_hangs_while_it_is_loaded_is_listed(assignment):
    said = wording.stopped_at_import("vit.py", "was stopped after running too long")
    (one,) = found(not_reached(assignment, said, Verdict.FAILED))
    assert one.why is Why.NOT_LOADED


@pytest.mark.parametrize("said", [
    wording.fails_first("q1.1"), wording.NOT_COUNTED, wording.counts_beside("q1.1"),
    wording.too_little_of("q5", 0.1),
])  # fmt: skip
def test_a_check_that_waits_for_another_one_is_no_reason_to_look(assignment, said):
    assert found(not_reached(assignment, said)) == []


def test_calls_that_are_not_allowed_are_listed(assignment):
    for said in (wording.forbidden("F.unfold", "Write it."), wording.WITHHELD["forbidden"]):
        (one,) = found(not_reached(assignment, said))
        assert one.why is Why.FORBIDDEN
    assert found(report_of(assignment, 0.5, "got       Bad: is not allowed here")) == []


def test_refusals_faults_a_busy_machine_and_notes_are_listed(assignment):
    fault = collect(assignment, ("q1", "q2"), [outcome("q2.1", "A check.")], 7)
    right = report_of(assignment)
    for report, why, what in (
        (refuse(assignment, ("q1", "q2"), 7, "There is no vit.py."), Why.REFUSED, "no vit.py"),
        (fault, Why.OUR_FAULT, "q1"),
        (replace(right, too_busy=True), Why.BUSY, "limits"),
        (replace(right, notes=("Vit.py was graded as vit.py.",)), Why.NOTE, "Vit.py"),
    ):
        (one,) = found(report)
        assert one.why is why
        assert what in one.what
    assert found(right) == []


def test_marks_close_to_a_boundary_are_listed_from_both_sides():
    rows = [row("low", 49), row("on", 50), row("high", 51), row("far", 51.5), row("gone", 48.9)]
    said = {c.submissions[0]: c.what for c in concerns.of_rows(rows, (), (50.0,))}
    assert said == {
        "low": "49 points: 1 below 50",
        "on": "50 points: on 50",
        "high": "51 points: 1 above 50",
    }
    late = row("late", 50, status=Status.SUPERSEDED, counts=False)
    assert list(concerns.of_rows([late], (), (50.0,))) == []


def test_a_fall_by_a_tenth_of_all_points_is_listed_and_says_whether_the_file_changed():
    before = [row("a", 90), row("b", 90), row("c", 90), row("d", 90, max_score=95), row("e", 90)]
    now = [row("a", 80), row("b", 70, content="y"), row("c", 81), row("d", 10),
           row("e", 0, status=Status.OUR_FAULT), row("new", 0)]  # fmt: skip
    said = {c.submissions[0]: c.what for c in concerns.of_rows(now, before, ())}
    assert said == {
        "a": "90 -> 80 points, the same files",
        "b": "90 -> 70 points, another content was handed in",
    }


def test_the_same_files_are_listed_once_however_many_have_them(assignment):
    same = SameFiles(nobodys(assignment))
    skeleton = (assignment.student / "vit.py").read_bytes()
    for n in range(500):
        same.add(f"s{n}", {"vit.py": b"x = 1\n", "train.py": b"y = 1\n"})
    same.add("spaced", {"vit.py": b"x  =  1\r\n\r\n", "train.py": b"z = 1\n"})
    for name in ("left", "right"):  # nobody has copied what all were given, nor nothing
        same.add(name, {"vit.py": skeleton + b"\n", "train.py": b"\n"})
    exactly, spaced = same.concerns
    assert (exactly.what, len(exactly.submissions)) == (f"train.py, vit.py: {EXACTLY}", 500)
    assert exactly.submissions[:3] == ("s0", "s1", "s2")
    assert (spaced.what, len(spaced.submissions)) == (f"vit.py: {SPACED}", 501)


def test_the_list_goes_by_reason_then_as_people_sort_names():
    listed = concerns.ordered([
        Concern(Why.NOTE, ("anna",), ""), Concern(Why.SAME, ("dan10",), ""),
        Concern(Why.SAME, ("Dan9",), ""), Concern(Why.OUR_FAULT, ("zoe",), ""),
    ])  # fmt: skip
    assert [c.submissions[0] for c in listed] == ["zoe", "Dan9", "dan10", "anna"]


def test_names_are_sorted_without_regard_to_case_and_accents():
    names = ["Zoe", "dan10", "ärmel", "Dan9", "Arno", "armel", "李四", "9", "10", "9" * 5000]
    assert sorted(names, key=name_order)[:8] == [
        "9", "10", "9" * 5000, "armel", "ärmel", "Arno", "Dan9", "dan10"]  # fmt: skip


def test_the_list_is_a_table_without_formulas():
    table = concerns.as_table([Concern(Why.SAME, ("=1+1", "b"), "vit.py: the same")])
    header, line = csv.reader(io.StringIO(table.decode()))
    assert header == ["reason", "submissions", "what"]
    assert line == ["The same files", "'=1+1, b", "vit.py: the same"]


def test_boundaries_are_numbers_of_points_in_any_order():
    assert boundaries_of("80, 50,65.5,", 100) == (50, 65.5, 80)
    assert boundaries_of("", 100) == ()
    for wrong in ("50;65", "half", "-1", "nan", "inf"):
        with pytest.raises(KitError, match=r"--boundaries .*no numbers of points\n.*50,65,80"):
            boundaries_of(wrong, 100)
    with pytest.raises(KitError, match=r"only 30 points, so nobody has 80\n.*not in percent"):
        boundaries_of("50,80,20", 30)
