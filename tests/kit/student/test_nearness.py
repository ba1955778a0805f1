"""Errors in units of the tolerance: what agrees, what does not, and what is kept of it."""

import math

import pytest
import torch

from checks import CLOSE, EXACT
from checks.words import nearness
from checks.words.compare import error, matches, varying


@pytest.mark.parametrize(
    ("got", "expected", "units"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.0 + 4.2e-4], [1.0, 2.0], 2.0),
        ([math.nan, 2.0], [1.0, 2.0], math.inf),
        ([1.0], [1.0, 2.0], math.inf),
        ([math.inf], [math.inf], 0.0),
        ([math.inf], [-math.inf], math.inf),
        ([], [], 0.0),
    ],
)
def test_an_error_is_counted_in_tolerances(got, expected, units):
    got, expected = (torch.tensor(x, dtype=torch.float64) for x in (got, expected))
    assert error(got, expected, CLOSE) == pytest.approx(units, rel=1e-6)
    assert matches(got, expected, CLOSE) is (units <= 1)


@pytest.mark.parametrize(("factor", "beside"), [(1.0, 1e6), (1e-6, 0.0), (1e-3, 1e4)])
def test_neither_a_large_number_beside_them_nor_a_tiny_factor_hides_a_difference(factor, beside):
    rows = torch.tensor([[0.0, 1.0], [1.0, 0.5], [0.5, 2.0]], dtype=torch.float64)
    usual, other = factor * rows + beside, factor * rows.flip(0) + beside
    assert matches(other, usual, CLOSE)
    wanted = varying(usual, usual)
    assert error(varying(other, usual), wanted, CLOSE) > 10
    assert error(varying(usual + 1e-9 * factor, usual), wanted, CLOSE) < 1


def test_exact_means_exact():
    assert error(torch.tensor([1.0]), torch.tensor([1.0]), EXACT) == 0
    assert error(torch.tensor([1.0 + 1e-7]), torch.tensor([1.0]), EXACT) == math.inf


def test_the_largest_error_of_a_test_is_kept():
    nearness.begin()
    nearness.noted(0.5)
    nearness.noted(0.2)
    assert nearness.largest() == 0.5
    nearness.noted(math.nan)
    assert nearness.largest() == math.inf
    nearness.begin()
    assert nearness.largest() == 0
