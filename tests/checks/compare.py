"""Compare what the student's code returned with what it should, and say the difference in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypedDict

import torch
from torch import Tensor

from checks.failures import CheckFailed, StudentError, describe


class Tolerance(TypedDict):
    """How far numbers may lie apart: atol + rtol * |expected|."""

    rtol: float
    atol: float


EXACT: Tolerance = {"rtol": 0.0, "atol": 0.0}  # numbers are moved, not computed
CLOSE: Tolerance = {"rtol": 1e-4, "atol": 1e-5}  # float32 sums in another order differ by 1e-6


def expect_tensor(
    got: object,
    expected: Tensor,
    *,
    call: str,
    tol: Tolerance = CLOSE,
    dtype: bool = True,
    slips: Mapping[str, Tensor] | None = None,
) -> None:
    """Fail unless `got` is a tensor with the shape, the dtype and the numbers of `expected`.

    slips   sentence -> the wrong answer it leads to. The sentence is told to the student only if
            that very answer came out; it completes "... if".
    dtype   False: any floating dtype will do; another test pays for it.
    """
    got = _tensor(got, call)
    cause = _cause(got, expected, slips or {}, tol)
    if got.shape != expected.shape:
        raise CheckFailed(
            _lines(
                call, f"a tensor of shape {_size(expected)}", f"one of shape {_size(got)}", cause
            )
        )
    if dtype and got.dtype != expected.dtype:
        raise CheckFailed(_lines(call, _name(expected.dtype), _name(got.dtype), cause))
    if _equal(got, expected, tol):
        return
    raise CheckFailed(_difference(got, expected, call, tol, cause))


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
        causes = [cause for cause, wrong in (slips or {}).items() if tuple(wrong) == got.shape]
        right = f"a tensor of shape {tuple(shape)}"
        raise CheckFailed(
            _lines(call, right, f"one of shape {_size(got)}", _because(causes, "shape"))
        )


def expect(holds: bool, *, call: str, expected: str, got: str, why: str = "") -> None:
    """Fail unless `holds`, with what was expected and what came out in words."""
    if not holds:
        raise CheckFailed(_lines(call, expected, got, why))


def fail(*, call: str, expected: str, got: str, why: str = "") -> NoReturn:
    """Fail, with what was expected and what came out in words."""
    raise CheckFailed(_lines(call, expected, got, why))


def expect_error(
    run: Callable[[], object], kind: type[Exception], *, call: str, valid: Callable[[], object]
) -> None:
    """Fail unless run() raises `kind`. valid() must work first, or always raising would pass."""
    valid()
    try:
        run()
    except StudentError as error:
        raised, bases = error.type_name, error.bases
        if not error.is_raised or error.is_todo:
            raise
    except Exception as error:
        raised, bases = type(error).__name__, tuple(c.__name__ for c in type(error).__mro__)
    else:
        raise CheckFailed(_lines(call, kind.__name__, "no error"))
    if kind.__name__ not in bases:
        why = ""
        if raised == "AssertionError":
            why = "`assert` raises AssertionError, and python -O skips it: use `raise ValueError(...)`."
        raise CheckFailed(_lines(call, kind.__name__, raised, why))


def matches(got: Tensor, expected: Tensor, tol: Tolerance = CLOSE) -> bool:
    """Whether two tensors agree in shape and, whatever their dtype, in their numbers."""
    return got.shape == expected.shape and _equal(got, expected, tol)


def _tensor(got: object, call: str) -> Tensor:
    if not isinstance(got, Tensor):
        hint = "Is there a `return`?" if got is None else ""
        raise CheckFailed(_lines(call, "a torch.Tensor", describe(got), hint))
    if got.device.type == "meta":
        raise CheckFailed(_lines(call, "a tensor with numbers in it", "one on the meta device"))
    return got.detach()


def _equal(got: Tensor, expected: Tensor, tol: Tolerance) -> bool:
    return torch.allclose(got.double(), expected.double(), **tol)


def _cause(got: Tensor, expected: Tensor, slips: Mapping[str, Tensor], tol: Tolerance) -> str:
    """Name the slips whose wrong answer is the one that came out. NaN proves nothing."""
    causes = [
        sentence
        for sentence, wrong in slips.items()
        if not matches(wrong, expected, tol) and matches(got, wrong, tol)
    ]
    return _because(causes)


def _because(causes: Sequence[str], what: str = "numbers") -> str:
    if not causes:
        return ""
    start = "These are exactly the numbers" if what == "numbers" else "This is the shape"
    return f"{start} that come{'' if what == 'numbers' else 's'} out if {' Or if '.join(causes)}"


def _difference(got: Tensor, expected: Tensor, call: str, tol: Tolerance, cause: str) -> str:
    wrong = ~torch.isclose(got.double(), expected.double(), **tol)
    place = tuple(int(i) for i in wrong.nonzero()[0])
    nans = int(got.double().isnan().sum())
    how_many = f"{int(wrong.sum())} of {wrong.numel()} numbers differ"
    if nans:
        how_many += f"; {nans} of yours are NaN"
    right, value = _number(expected[place]), _number(got[place])
    where = f" at {list(place)}" if place else ""
    return _lines(call, f"{right}{where}", value, cause, in_all=how_many)


def _lines(call: str, expected: str, got: str, why: str = "", in_all: str = "") -> str:
    rows = [f"called    {call}", f"expected  {expected}", f"got       {got}"]
    if in_all:
        rows.append(f"in all    {in_all}")
    if why:
        rows += ["", why]
    return "\n".join(rows)


def _number(value: Tensor) -> str:
    number = value.item()
    return f"{number:.6g}" if isinstance(number, float) else str(number)


def _size(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
