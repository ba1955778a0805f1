"""The statistics of a class, against numbers worked out by hand."""

from dataclasses import replace

import pytest

from autograder.classroom.book.ledger import Batch
from autograder.classroom.report import page
from autograder.classroom.report.figures import Item, spread
from autograder.classroom.report.tally import Tally
from autograder.grading.report import collect, refuse
from kit.classroom.class_of import outcome, report_of


def item(*students):
    found = Item()
    for passed, rest in students:
        found.add(passed, float(passed), rest)
    return found


def test_a_spread_has_mean_deviation_of_the_sample_and_quartiles():
    one = spread([2, 4, 4, 4, 5, 5, 7, 9])
    assert (one.count, one.mean, one.lowest, one.highest) == (8, 5, 2, 9)
    assert one.deviation == pytest.approx((32 / 7) ** 0.5)
    assert one.quartiles == (4, 4.5, 5.5)


def test_a_class_of_one_or_of_none_has_what_there_is():
    assert spread([]).mean is None
    assert (spread([3.0]).mean, spread([3.0]).deviation) == (3.0, None)


def test_discrimination_is_the_correlation_with_the_rest():
    # Of those who pass the mean is 8, of the others 4; the deviation of all is the root of 5.
    found = item((True, 9.0), (True, 7.0), (False, 5.0), (False, 3.0))
    assert found.discrimination == pytest.approx((8 - 4) / 5**0.5 * 0.5)
    assert found.difficulty == 0.5


def test_where_all_do_the_same_there_is_none():
    assert item((True, 1.0), (True, 2.0)).discrimination is None
    assert item((True, 0.1 + 0.2), (False, 0.3)).discrimination is None  # the same but for rounding


def test_a_check_is_called_poor_only_where_enough_pass_and_fail():
    poor = [(True, 1.0), (False, 2.0)] * 5
    assert item(*poor).is_poor
    assert not item(*poor[:-1]).is_poor
    assert not item(*[(passed, 3.0 - rest) for passed, rest in poor]).is_poor


def test_a_check_is_taken_out_of_the_score_that_it_is_compared_with(assignment):
    tally = Tally()
    for name, share in (("a", 1.0), ("b", 0.0), ("c", 1.0), ("d", 0.0)):
        checks = [outcome("q1.1", "One.", share), outcome("q1.2", "Two."),
                  outcome("q2.1", "Three.")]  # fmt: skip
        tally.add(name, collect(assignment, ("q1", "q2"), checks, 7))
    one, two = tally.questions["q1"].listed
    assert one.item.discrimination is None  # the rest of these students is the same
    assert two.item.discrimination is None  # all pass it
    assert one.item.difficulty == 0.5


def test_unreadable_files_are_told_apart_and_sections_too(assignment):
    tally = Tally()
    tally.add("a", report_of(assignment), "B10")
    tally.add("b", report_of(assignment, 0.0), "B9")
    tally.add("c", refuse(assignment, ("q1", "q2"), 7, "There is no vit.py."), "B9")
    tally.add("d", report_of(assignment))
    named = dict(tally.spreads)
    assert list(named) == ["all", "without unreadable files", "B9", "B10", "in no section"]
    assert [one.count for one in named.values()] == [4, 3, 2, 1, 1]
    assert (named["all"].mean, named["without unreadable files"].mean) == (18.75, 25)


def test_without_sections_nothing_is_said_of_them(assignment):
    tally = Tally()
    tally.add("a", report_of(assignment))
    assert [name for name, _ in tally.spreads] == ["all"]


def test_the_page_has_the_figures_and_names_poor_checks(assignment):
    tally = Tally()
    for number in range(20):
        odd = float(number % 2)
        checks = [outcome("q1.1", "Anything.", odd), outcome("q1.2", "Another.", 1 - odd),
                  outcome("q2.1", "Three.", float(number > 9))]  # fmt: skip
        tally.add(f"s{number}", collect(assignment, ("q1", "q2"), checks, 7))
    batch = Batch("A", "suite", "0", 7, ("q1", "q2"), True)
    text = page.report_page(batch, tally, ()).decode()
    assert "3rd quartile" in text
    assert "Checks that discriminate poorly (2)" in text
    assert "<li>q1.1  Anything. Discrimination -" in text
    empty = page.report_page(replace(batch, rows=()), Tally(), ()).decode()
    assert "discriminate poorly (" not in empty
