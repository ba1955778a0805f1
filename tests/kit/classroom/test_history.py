"""Mistakes by name over several runs of a class."""

from dataclasses import replace

import pytest
import torch

from autograder.classroom.book import ledger
from autograder.classroom.report import page
from autograder.classroom.report.history import over_time, read_run
from autograder.classroom.report.tally import Tally
from autograder.cli.asked import earlier_run
from autograder.errors import KitError
from checks.telling.failures import Mismatch
from checks.words.compare import expect_shape, expect_tensor
from kit.classroom.class_of import graded_class, report_of

NAMED = "got  5\n\nThese are exactly the numbers that come out if {}"


def a_class(out, assignment, *mistakes):
    reports = {
        f"s{n}": report_of(assignment, 0.5 if name else 1.0, NAMED.format(name) if name else "")
        for n, name in enumerate(mistakes)
    }
    graded_class(out, assignment, reports)
    return out


def test_mistakes_are_told_run_by_run_the_most_frequent_first(tmp_path, assignment):
    runs = [
        earlier_run(a_class(tmp_path / "2024", assignment, "a.", "a.", "b.", ""), assignment),
        earlier_run(a_class(tmp_path / "2025", assignment, "b.", ""), assignment),
    ]
    tally = Tally()
    tally.add("s0", report_of(assignment, 0.5, NAMED.format("c.")))
    found, named = over_time(runs, tally.mistakes, 1)
    assert [(run.name, run.students) for run in found] == [("2024", 4), ("2025", 2), ("now", 1)]
    assert named == [("q1", "a"), ("q1", "b"), ("q1", "c")]
    assert [run.counts.get(("q1", "b"), 0) for run in found] == [1, 1, 0]
    batch = ledger.read(tmp_path / "2025")
    text = page.report_page(batch, tally, (), earlier=runs).decode()
    assert "Over time" in text
    assert '<td class="number wide">2 (50 %)</td>' in text
    assert "Over time" not in page.report_page(batch, tally, ()).decode()


def test_what_is_no_earlier_run_is_told(tmp_path, assignment):
    with pytest.raises(KitError, match="no output of `autograder batch`"):
        earlier_run(tmp_path, assignment)
    out = a_class(tmp_path / "out", assignment, "a.")
    other = replace(ledger.read(out), assignment="Another")
    ledger.Ledger(out, None).keep(other)
    with pytest.raises(KitError, match=r"--earlier .*another assignment, 'Another'"):
        earlier_run(out, assignment)
    for path in (out / ledger.RECORDS).glob("*/*"):
        path.unlink()
    with pytest.raises(KitError, match="none of its records is there"):
        read_run(out)


ONE, TWO, LONG = torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([[2.0]])


@pytest.mark.parametrize(
    "fail",
    [
        lambda: expect_tensor(TWO, ONE, call="f()", slips={"it is wrong.": TWO}),
        lambda: expect_tensor(LONG, ONE, call="f()", slips={"it is wrong.": LONG}),
        lambda: expect_shape(LONG, (1,), call="f()", slips={"it is wrong.": (1, 1)}),
    ],
)
def test_a_mistake_is_counted_however_it_is_told(assignment, fail):
    with pytest.raises(Mismatch) as caught:
        fail()
    tally = Tally()
    tally.add("s0", report_of(assignment, 0.5, str(caught.value)))
    assert [mistake.name for mistake in tally.mistakes] == ["it is wrong"]
