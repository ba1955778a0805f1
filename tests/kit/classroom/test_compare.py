"""Two gradings of a class side by side: whose marks change, and by which checks."""

import re
from dataclasses import replace

from autograder.classroom.book import ledger
from autograder.classroom.book.ledger import Status
from autograder.classroom.report import compare
from kit.classroom.class_of import graded_class, report_of


def compared(old, new):
    return compare.moves(old, ledger.read_finished(old), new, ledger.read_finished(new))


def test_a_change_is_told_by_student_and_check(tmp_path, assignment):
    old, new = tmp_path / "old", tmp_path / "new"
    same, half, full = (report_of(assignment, share) for share in (0.2, 0.5, 1.0))
    graded_class(old, assignment, {"anna": half, "ben": full, "cleo": same})
    graded_class(new, assignment, {"anna": full, "ben": half, "cleo": same}, cleo={"content": "x"})
    found = compared(old, new)
    anna, ben, cleo = found.changed
    assert (anna.submission, anna.before, anna.after) == ("anna", 22.5, 30)
    assert anna.by[0] == "q1.1  The first check.: 3.75 of 7.5 -> 7.5 of 7.5"
    assert (ben.before, ben.after) == (30, 22.5)
    assert cleo.by == ("another content was handed in",)
    assert found.summary == "3 of 3 change: 1 gain, 1 lose, 1 keep their total."
    assert compared(old, old).summary == "0 of 3 change: 0 gain, 0 lose."


def test_what_only_an_earlier_version_rounded_otherwise_has_not_changed(tmp_path, assignment):
    old, new = tmp_path / "old", tmp_path / "new"
    report = report_of(assignment, 0.5)
    before = graded_class(old, assignment, {"anna": report}, anna={"key": "0" * 32})
    rounded = tuple(replace(row, score=row.score - 1e-4) for row in before.rows)
    ledger.Ledger(old, None).keep(replace(before, rows=rounded))
    graded_class(new, assignment, {"anna": report})
    assert compared(old, new).summary == "0 of 1 change: 0 gain, 0 lose."


def test_who_handed_in_nothing_or_does_not_count_has_not_changed(tmp_path, assignment):
    old, new = tmp_path / "old", tmp_path / "new"
    facts = {"dan": {"status": Status.MISSING, "key": ""},
             "eve": {"status": Status.SUPERSEDED, "counts": False}}  # fmt: skip
    half, full = (report_of(assignment, share) for share in (0.5, 1.0))
    graded_class(old, assignment, {"anna": full, "dan": full, "eve": half}, **facts)
    graded_class(new, assignment, {"anna": full, "dan": full, "eve": full}, **facts)
    assert compared(old, new).summary == "0 of 2 change: 0 gain, 0 lose."


def test_what_else_differs_is_told(tmp_path, assignment):
    old, new = tmp_path / "old", tmp_path / "new"
    report = report_of(assignment)
    before = graded_class(old, assignment, {"anna": report, "ben": report, "dan": report})
    graded_class(new, assignment, {"anna": report, "ben": report, "eve": report},
                 ben={"status": Status.SUPERSEDED, "counts": False})  # fmt: skip
    ledger.Ledger(old, None).keep(replace(before, seed=8))
    found = compared(old, new)
    said = "\n".join(found.warnings)
    assert "The seeds differ (8, 7)" in said
    assert "no longer there: dan." in said
    assert "new: eve." in said
    assert found.changed[0].by == ("graded -> superseded",)


def test_another_assignment_is_refused(autograder, tmp_path, assignment):
    old, new = tmp_path / "old", tmp_path / "new"
    batch = graded_class(old, assignment, {"anna": report_of(assignment)})
    graded_class(new, assignment, {"anna": report_of(assignment)})
    ledger.Ledger(old, None).keep(replace(batch, assignment="Another"))
    told = autograder("diff", old, new)
    assert told.returncode == 2
    assert "it holds another assignment, 'Another'" in told.stderr


def test_a_changed_tolerance_is_seen_before_anything_is_published(autograder, tmp_path, copied):
    """A table that is a little off passes with a wider tolerance: the diff names test and student."""
    off = "table.float()"
    text = (copied.solution / "vit.py").read_text()
    assert text.count(off) == 1
    for name, by in (("exact", off), ("rough", "(table + 3e-3).float()")):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "vit.py").write_text(text.replace(off, by))
    old, new = tmp_path / "old", tmp_path / "new"
    command = ("batch", tmp_path / "in", "--only", "q2", "--out")
    assert autograder(*command, old, cwd=copied.root).returncode == 0
    for folder in copied.test_folders:
        path = folder / "test_q2_positions.py"
        wider = re.sub(r'(^TABLE = .*"atol": )[^}]*', r"\g<1>1e-2", path.read_text(), flags=re.M)
        assert wider != path.read_text()
        path.write_text(wider)
    told = autograder(*command, new, "--against", old, cwd=copied.root)
    assert told.returncode == 0, told.stderr
    assert "1 of 2 change: 1 gain, 0 lose." in told.stdout
    assert "seeds differ" not in told.stdout
    changes = (new / "changes.csv").read_text()
    assert (
        "rough,rough,5,15,q2.1  Small tables have the sines and cosines of the formula" in changes
    )
    assert "exact" not in changes
    again = autograder("diff", old, new, "--csv", tmp_path / "changes.csv", cwd=copied.root)
    assert (tmp_path / "changes.csv").read_text() == changes
    assert "q2.1" in again.stdout
