"""A failure is judged at the largest sizes, and shown at the smallest that have it."""

import pytest

from checks import for_sizes
from checks.telling.failures import Mismatch
from checks.words import shrink


def fails_from(least, cause="", **other):
    """Return a check that fails where the product of its sizes is `least` or more."""

    def check(a, b):
        tried.append((a, b))
        if a * b >= least:
            raise Mismatch(f"f({a}, {b})", "x", "y", causes=(cause,) if cause else ())

    tried = other.setdefault("tried", [])
    return check


def test_it_is_judged_at_the_largest_sizes_only():
    tried = []
    for_sizes(fails_from(100, tried=tried), a=(1, 2, 3), b=(1, 5))
    assert tried == [(3, 5)]


def test_the_smallest_failure_is_shown():
    with pytest.raises(Mismatch) as failure:
        for_sizes(fails_from(5), a=(1, 2, 3), b=(1, 5))
    assert failure.value.call == "f(1, 5)"


def test_a_smaller_failure_for_another_cause_is_not_shown():
    def check(a):
        causes = ("it is odd.",) if a > 1 else ("it is one.",)
        raise Mismatch(f"f({a})", "x", "y", causes=causes)

    with pytest.raises(Mismatch) as failure:
        for_sizes(check, a=(1, 2, 3))
    assert failure.value.call == "f(2)"
    assert failure.value.causes == ("it is odd.",)


def test_what_only_a_small_size_rules_in_is_not_named():
    def check(a):
        causes = ("both.", "small.") if a == 1 else ("both.",)
        raise Mismatch(f"f({a})", "x", "y", causes=causes)

    with pytest.raises(Mismatch) as failure:
        for_sizes(check, a=(1, 2))
    assert (failure.value.call, failure.value.causes) == ("f(1)", ("both.",))


def test_another_error_at_a_smaller_size_is_passed_over():
    def check(a):
        if a == 1:
            raise ZeroDivisionError
        raise Mismatch(f"f({a})", "x", "y")

    with pytest.raises(Mismatch) as failure:
        for_sizes(check, a=(1, 2, 3))
    assert failure.value.call == "f(2)"


def test_an_error_at_the_largest_sizes_is_left_as_it_is():
    def check(a):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        for_sizes(check, a=(1, 2))


def test_a_slow_check_is_not_tried_again(monkeypatch):
    monkeypatch.setattr(shrink, "MOST_SECONDS", 0.0)
    tried = []
    with pytest.raises(Mismatch) as failure:
        for_sizes(fails_from(1, tried=tried), a=(1, 2), b=(1, 2))
    assert tried == [(2, 2)]
    assert failure.value.call == "f(2, 2)"
