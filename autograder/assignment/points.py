"""Share a question's points out over its tests, so that what is written adds up to the last digit."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

DIGITS = 4  # behind the point; more where points have more, or where a test would be left with none


@functools.lru_cache(maxsize=1024)
def shared_out(points: float, weights: Sequence[int]) -> tuple[Decimal, ...]:
    """Return each test's maximum, whose sum is the question's points.

    Each gets its exact share rounded down, and the last units go to those that lost most by it. So
    what comes out even stays as it is, and no test gets less than one of smaller weight.
    """
    total = sum(weights)
    if not total:
        return (Decimal(0),) * len(weights)
    digits = _digits(points, Fraction(min(filter(None, weights)), total))
    units = exact(points) * 10**digits
    shares = [units * Fraction(weight, total) for weight in weights]
    whole = [int(share) for share in shares]
    lost_most = sorted(range(len(shares)), key=lambda n: whole[n] - shares[n])
    for n in lost_most[: int(units) - sum(whole)]:
        whole[n] += 1
    return tuple(Decimal(unit).scaleb(-digits) for unit in whole)


def part_of(most: Decimal, share: float) -> Decimal:
    """Return a share of a test's maximum in digits of its own; all of it only for the whole share."""
    earned = Fraction(most) * exact_share(share)
    return (Decimal(earned.numerator) / earned.denominator).quantize(most, ROUND_FLOOR)


def exact_share(share: float) -> Fraction:
    """Return the fraction that a share was computed from: of 1 / 3 the third."""
    return Fraction(share).limit_denominator(10**6)


def exact(points: float) -> Fraction:
    """Return points as they are written: 0.1 is a tenth."""
    return Fraction(str(points))


def rounded(points: float, step: float, most: float) -> float:
    """Return points rounded to a multiple of a step, half a step up; as they are without a step.

    Full points stay full, though they be no multiple of it.
    """
    if not step or points >= most:
        return points
    value = (exact(points) / exact(step) + Fraction(1, 2)) // 1 * exact(step)
    return min(float(value), most)


def total_of(points: Iterable[float]) -> float:
    """Return the sum of points as they are written."""
    return float(sum(map(exact, points)))


def _digits(points: float, least: Fraction) -> int:
    """Return how many digits behind the point leave something for the test of the least share."""
    written = Decimal(str(points)).as_tuple().exponent
    assert isinstance(written, int)
    digits = max(DIGITS, -written)
    while points and exact(points) * least * 10**digits < 1:
        digits += 1
    return digits
