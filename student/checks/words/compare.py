"""Compare what the student's code returned with what it should, and say the difference in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypedDict

import torch
from torch import Tensor

from checks.telling.failures import SHAPE, TENSOR, Mismatch, StudentError, describe, kind_of
from checks.telling.wording import make_a_tensor
from checks.words import nearness

Why = str | Callable[[], str]


class Tolerance(TypedDict):
    """How far numbers may lie apart: atol + rtol * |expected|."""

    rtol: float
    atol: float


EXACT: Tolerance = {"rtol": 0.0, "atol": 0.0}  # numbers are moved, not computed
SLIPS_ARE_ROUGH = 5  # times the tolerance of what is right
CLOSE: Tolerance = {"rtol": 1e-4, "atol": 1e-5}  # float32 sums in another order differ by 1e-6
LEAST_SPREAD = 1e-3  # of numbers that are said to vary


def expect_tensor(
    got: object,
    expected: Tensor,
    *,
    call: str,
    tol: Tolerance = CLOSE,
    dtype: bool = True,
    slips: Mapping[str, Tensor] | None = None,
    why: Why = "",
) -> None:
    """Fail unless `got` is a tensor with the shape, the dtype and the numbers of `expected`.

    slips   sentence -> the wrong answer it leads to. The sentence is told to the student only if
            that very answer came out; it completes "... if".
    dtype   False: any floating dtype will do; another test pays for it.
    why     what explains a failure that no slip does; a function is asked only if there is one
    """
    got = _tensor(got, call)
    causes = _causes(got, expected, slips or {}, tol)
    if got.shape != expected.shape:
        right, wrong = f"a tensor of shape {_size(expected)}", f"one of shape {_size(got)}"
        raise Mismatch(call, right, wrong, why=_said(why), causes=causes, start=TENSOR)
    if dtype and got.dtype != expected.dtype:
        raise Mismatch(call, _name(expected.dtype), _name(got.dtype), why=_said(why), causes=causes)
    if nearness.noted(error(got, expected, tol)) > 1:
        raise _difference(got, expected, call, tol, causes, _said(why))


def expect_shape(
    got: object,
    shape: Sequence[int],
    *,
    call: str,
    slips: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Fail unless `got` is a tensor of this shape."""
    got = _tensor(got, call)
    if tuple(got.shape) != tuple(shape):
        causes = tuple(cause for cause, wrong in (slips or {}).items() if tuple(wrong) == got.shape)
        right, wrong = f"a tensor of shape {tuple(shape)}", f"one of shape {_size(got)}"
        raise Mismatch(call, right, wrong, causes=causes, start=SHAPE)


def expect(holds: bool, *, call: str, expected: str, got: str, why: Why = "") -> None:
    """Fail unless `holds`, with what was expected and what came out in words."""
    if not holds:
        raise Mismatch(call, expected, got, why=_said(why))


def fail(*, call: str, expected: str, got: str, why: Why = "") -> NoReturn:
    """Fail, with what was expected and what came out in words."""
    raise Mismatch(call, expected, got, why=_said(why))


def expect_error(
    run: Callable[[], object], kind: type[Exception], *, call: str, valid: Callable[[], object]
) -> None:
    """Fail unless run() raises `kind`. valid() must work first, or always raising would pass.

    expect_error(
        lambda: vit.patchify(images, 3),
        ValueError,
        call="patchify(images, 3), with images of 4x4 pixels",
        valid=lambda: vit.patchify(images, 2),
    )
    """
    valid()
    try:
        result = run()
    except StudentError as error:
        raised, bases = error.type_name, error.bases
        if not error.is_raised or error.todo:
            raise
    except Exception as error:
        raised, bases = type(error).__name__, tuple(c.__name__ for c in type(error).__mro__)
    else:
        if (returned := describe(result)) == f"a {kind.__name__}":
            why = f"It is returned, not raised: write `raise {kind.__name__}(...)`."
            raise Mismatch(call, kind.__name__, f"{returned}, returned", why=why)
        raise Mismatch(call, kind.__name__, "no error")
    if kind.__name__ not in bases:
        why = ""
        if raised == "AssertionError":
            why = "`assert` raises AssertionError, and python -O skips it: use `raise ValueError(...)`."
        raise Mismatch(call, kind.__name__, raised, why=why)


def matches(got: object, expected: Tensor, tol: Tolerance = CLOSE) -> bool:
    """Whether two tensors agree in shape and, whatever their dtype, in their numbers."""
    return error(got, expected, tol) <= 1


def error(got: object, expected: Tensor, tol: Tolerance = CLOSE) -> float:
    """Return the largest error in units of the tolerance: above 1, they do not agree.

    No tensor, another shape, and NaN where a number should be, is infinitely far away.
    """
    if not isinstance(got, Tensor) or got.shape != expected.shape:
        return math.inf
    if not expected.numel():
        return 0.0
    got, expected = got.detach().double(), expected.detach().double()
    units = (got - expected).abs() / (tol["atol"] + tol["rtol"] * expected.abs())
    units[got == expected] = 0.0  # also where both are infinite, or where nothing may differ
    return float(units.nan_to_num(nan=math.inf, posinf=math.inf).max())


def error_in_variation(
    got: Tensor, expected: Tensor, tol: Tolerance, usual: Tensor | None = None
) -> float:
    """Return the largest error in units of the tolerance and of how rows vary: see `varying`.

    usual  the rows that tell how they vary; None: the expected ones
    """
    usual = expected if usual is None else usual
    return error(varying(got, usual), varying(expected, usual), tol)


def varying(numbers: Tensor, usual: Tensor) -> Tensor:
    """Return rows (..., d) less what all rows of `usual` have in common, in units of how these vary.

    Where a module's results are compared with its others, or a constant is fitted, it would decide
    itself what a tolerance comes to: a large number beside all results, or a tiny factor before them,
    would hide whatever they are.
    """
    rows = usual.detach().double().flatten(0, -2)
    return (numbers.detach().double() - rows.mean(0)) / max(spread(usual), LEAST_SPREAD)


def spread(usual: Tensor) -> float:
    """Return by how much rows (..., d) vary, each feature about its mean."""
    rows = usual.detach().double().flatten(0, -2)
    return float((rows - rows.mean(0)).square().mean().sqrt())


def _said(why: Why) -> str:
    try:
        return why if isinstance(why, str) else why()
    except Exception:  # to name the cause, code is run again: whatever it does, the failure stands
        return ""


def _tensor(got: object, call: str) -> Tensor:
    if not isinstance(got, Tensor):
        what = describe(got)
        kind = kind_of(what)
        raise Mismatch(call, "a torch.Tensor", what, why=make_a_tensor(kind), kind=kind)
    if got.device.type == "meta":
        raise Mismatch(call, "a tensor with numbers in it", "one on the meta device")
    return got.detach()


def _causes(
    got: Tensor, expected: Tensor, slips: Mapping[str, Tensor], tol: Tolerance
) -> tuple[str, ...]:
    """Name the slips whose wrong answer is the one that came out.

    NaN proves nothing, nor does a single 0 or 1: too many mistakes end there. A mistake may well be
    less exact than what is right: the sine of a large angle is.
    """
    wide: Tolerance = {"rtol": SLIPS_ARE_ROUGH * tol["rtol"], "atol": SLIPS_ARE_ROUGH * tol["atol"]}
    return tuple(
        sentence
        for sentence, wrong in slips.items()
        if not _is_common(wrong)
        and not matches(wrong, expected, wide)
        and matches(got, wrong, wide)
    )


def _is_common(wrong: Tensor) -> bool:
    return wrong.numel() == 1 and wrong.item() in (0, 1)


def _difference(
    got: Tensor, expected: Tensor, call: str, tol: Tolerance, causes: tuple[str, ...], why: str
) -> Mismatch:
    wrong = ~torch.isclose(got.double(), expected.double(), **tol)
    place = tuple(int(i) for i in wrong.nonzero()[0])
    nans = int(got.double().isnan().sum())
    how_many = f"{int(wrong.sum())} of {wrong.numel()} numbers differ" if wrong.numel() > 1 else ""
    if nans > 1:
        how_many += f"; {nans} of yours are NaN"
    right, value = (_number(one[place], tol["atol"]) for one in (expected, got))
    where = f" at {list(place)}" if place else ""
    return Mismatch(call, f"{right}{where}", value, how_many, why, causes, number=True)


def _number(value: Tensor, least: float) -> str:
    """Show a number; one that is smaller than what may be off, and no 0, as "about 0"."""
    number = value.item()
    if not isinstance(number, float):
        return str(number)
    return "about 0" if 0 < abs(number) < least else f"{number:.6g}"


def _size(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
