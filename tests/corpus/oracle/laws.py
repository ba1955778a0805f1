"""What a law says of a piece: kept, broken, or not for the contract to decide; and two comparisons."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Numbers = NDArray[np.float64]
Maps = Callable[[Any], Mapping[str, Any]]  # a fragment's own word on its parameters
Law = Callable[[Any, Maps], None]  # given the module with the piece in it, and its maps

RTOL, ATOL = 1e-4, 1e-5  # float32 sums in another order differ by about 1e-6
NEARLY = 30.0  # tolerances: what differs by less is as good as right to one suite, wrong to another


class Broken(Exception):
    """The contract is broken."""


class Undecided(Exception):
    """The contract does not say, or the oracle cannot tell."""


def need(holds: bool, law: str) -> None:
    if not holds:
        raise Broken(law)


def close(got: object, want: Numbers, law: str, rtol: float = RTOL, atol: float = ATOL) -> None:
    """Compare numbers that were computed; raise Broken or, next to the tolerance, Undecided."""
    found = as_numbers(got, law)
    need(found.shape == want.shape, f"{law}: {found.shape} instead of {want.shape}")
    with worst_of() as compare:
        compare(distance(found, want, rtol, atol), law)


@contextlib.contextmanager
def worst_of() -> Iterator[Callable[[float, str], None]]:
    """Yield what is told errors, in tolerances. At the end the largest of them counts."""
    errors: list[tuple[float, str]] = []
    yield lambda error, law: errors.append((error, law))
    error, law = max(errors)
    need(error <= NEARLY, law)
    if error > 1:
        raise Undecided(f"{law}: differs by next to nothing")


def distance(got: Numbers, want: Numbers, rtol: float = RTOL, atol: float = ATOL) -> float:
    """Return the largest error, counted in tolerances; infinite where a number is none."""
    if got.shape != want.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.max(np.abs(got - want) / (atol + rtol * np.abs(want)), initial=0.0))


def as_numbers(value: object, law: str) -> Numbers:
    need(isinstance(value, Tensor), f"{law}: no tensor")
    assert isinstance(value, Tensor)
    return value.detach().to(torch.float64).numpy()


def drawn(rng: np.random.Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.from_numpy(rng.standard_normal(shape)).to(dtype)


def randomise(module: nn.Module, rng: np.random.Generator, scale: float = 0.6) -> None:
    """Give every parameter that is trained numbers of its own."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.copy_(drawn(rng, *parameter.shape) * scale)


def declared(module: Any, maps: Maps) -> dict[str, Numbers]:
    """Return what a fragment says of its parameters, as they are now. Raises Undecided."""
    try:
        found = {name: value for name, value in maps(module).items() if value is not None}
        return {name: value.detach().double().numpy().copy() for name, value in found.items()}
    except Exception as error:
        raise Undecided(f"its maps do not apply: {type(error).__name__}") from None


def alike(w: Mapping[str, Numbers]) -> Iterator[dict[str, Numbers]]:
    """Yield what learns the same: `x - b` for `x + b`, or a bias that has no effect.

    One is negated, or a matrix and its bias, or what both norms have; or a bias is left out.
    """
    pairs = [{f"W{end}", f"b{end}"} for end in sorted({name[1:] for name in w if name[0] in "Wb"})]
    pairs += [{f"{kind}1", f"{kind}2"} for kind in "gc"]
    for some in [*({name} for name in w), *pairs]:
        yield {name: -value if name in some else value for name, value in w.items()}
    for biases in [*({name} for name in w if name[0] in "bc"), {"c1", "c2"}]:
        yield {name: value for name, value in w.items() if name not in biases}


def trained(module: nn.Module, maps: Maps, rng: np.random.Generator) -> None:
    """Every declared number belongs to a parameter that an optimizer is given.

    A zero may stand for what is not there: between heads that see a slice each, or for no bias.
    """
    before = declared(module, maps)
    randomise(module, rng)
    after = declared(module, maps)
    for name, numbers in before.items():
        moved = numbers != after[name]
        if name.startswith("c") and not moved.any():
            raise Undecided("a norm without a learned shift: the layers behind it have one")
        there = bool(moved.any()) or name.startswith("b")
        need(there and bool(moved[numbers != 0].all()), f"{name} is a parameter of the module")


def gradients_reach(module: nn.Module, given: Tensor, what: str, frozen: bool = False) -> None:
    """The gradient comes to what is given, and to each parameter that has an effect.

    frozen   whether some may be kept from it
    """
    given.requires_grad_()
    module(given).pow(2).sum().backward()
    need(given.grad is not None and bool((given.grad != 0).any()), f"the gradient reaches {what}")
    for name, parameter in module.named_parameters():
        left = parameter.grad is None and not (frozen and not parameter.requires_grad)
        need(not left or not _matters(module, parameter, given), f"the gradient reaches {name}")


def _matters(module: nn.Module, parameter: Tensor, given: Tensor) -> bool:
    """Whether a parameter has an effect. A layer that is left over has none."""
    with torch.no_grad():
        before = module(given)
        parameter += torch.ones_like(parameter)
        return not torch.equal(module(given), before)


def started_oddly(module: nn.Module) -> None:
    """First values are not the contract's business, but they may be of no use: Undecided."""
    for parameter in module.parameters():
        if parameter.requires_grad and parameter.ndim > 1 and min(parameter.shape) > 1:
            spread = float(parameter.detach().std())
            if not 1e-3 < spread < 3:
                raise Undecided(f"first values with a deviation of {spread:.2g}")


def left_alone(call: Callable[[Tensor], object], given: Tensor, law: str) -> None:
    kept = given.clone()
    call(given)
    need(torch.equal(given, kept), law)


def refuses(call: Callable[[], object], valid: Callable[[], object], law: str) -> None:
    """A ValueError is raised, and not by whatever is called."""
    valid()
    try:
        call()
    except ValueError:
        return
    except Exception as error:
        raise Broken(f"{law}: {type(error).__name__} instead of ValueError") from None
    raise Broken(f"{law}: no ValueError")
