"""Measure a student's module where it lives: parameters, gradients, dtype, device, side effects."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from checks.beside.measurement import beside, calling
from checks.beside.promise import (
    Count,
    Floating,
    Items,
    Name,
    Names,
    Numbers,
    Together,
    is_floating,
)
from checks.telling import wording
from checks.telling.failures import StudentError, the_tensor

Settings = tuple[list[object], dict[str, object]]  # positional and named arguments
MOST_TO_SETTLE = 15  # runs


@beside
def parameters(module: object) -> Annotated[dict[Name, Numbers], Together()]:
    """Return the trainable parameters by name, as copies. A layer never used has none yet."""
    found = {
        name: p.detach().clone()
        for name, p in cast(nn.Module, module).named_parameters()
        if p.requires_grad and not is_lazy(p)
    }
    for name, values in found.items():
        if not is_floating(values):
            raise StudentError("wrong_result", wording.no_numbers(name, str(values.dtype)))
    return found


@beside
def unregistered(module: object) -> Names:
    """Return the plain lists and dicts inside that hold layers which the module does not know of."""
    found = _unregistered(cast(nn.Module, module))
    return [f"self.{name} in {type(part).__name__}" for part, name, _ in found]


def _unregistered(model: nn.Module) -> list[tuple[nn.Module, str, list[object]]]:
    known = {id(part) for part in [*model.modules(), *model.parameters()]}
    found = []
    for part in model.modules():
        for name, value in vars(part).items():
            held = list(value.values()) if isinstance(value, dict) else value
            if name.startswith("_") or not isinstance(held, (list, tuple)):
                continue
            kinds = (nn.Module, nn.Parameter)
            if any(isinstance(one, kinds) and id(one) not in known for one in held):
                found.append((part, name, list(held)))
    return found


@beside
def complete(module: object, inputs: Tensor) -> None:
    """Give the module all its parts: those it builds at its first call, and those in plain lists.

    That they are missing is a mistake of its own, and should not hide what the parts do.
    """
    model = cast(nn.Module, module)
    with contextlib.suppress(Exception), torch.no_grad():  # how it answers is judged later
        model(inputs.clone())
    for part, name, held in _unregistered(model):
        part.add_module(f"{name}_held", nn.ModuleList(x for x in held if isinstance(x, nn.Module)))


@beside
def made_at_first_call(module: object, inputs: Tensor) -> Names:
    """Return the parameters that are there only after a call: an optimizer would not have them.

    One of a lazy layer is there before, though without numbers.
    """
    model = cast(nn.Module, module)
    before = {name for name, _ in model.named_parameters()}
    the_tensor(model(inputs.clone()), "forward")
    return [name for name, _ in model.named_parameters() if name not in before]


@beside
def made_by_a_call(module: object, inputs: Tensor) -> Count:
    """Return how many parameters are made while the module runs, not for the first time."""
    made: list[str] = []
    noting = register_module_parameter_registration_hook(lambda part, name, one: made.append(name))
    with noting, torch.no_grad():
        cast(Any, module)(inputs.clone())
    return len(made)


@beside
def set_parameters(module: object, values: Mapping[str, Tensor]) -> None:
    """Write new numbers into the parameters of these names, in their own dtype."""
    model = cast(nn.Module, module)
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            if not _set_through(model, name, value):
                own[name].copy_(value)


def _set_through(model: nn.Module, name: str, value: Tensor) -> bool:
    """Set what a parametrization computes; return whether this is one that lets it be set.

    It may keep more in its parameter than numbers: an orthogonal one keeps signs. What it keeps in
    another shape, transposed or in a row, it has no numbers of this value's shape for.
    """
    place = re.fullmatch(r"(.*)\bparametrizations\.(\w+)\.original", name)
    if place is None:
        return False
    try:
        part = model.get_submodule(place[1].rstrip("."))
        if getattr(part, place[2]).shape != value.shape:
            return False
        setattr(part, place[2], value)
    except Exception:  # some have no inverse, and a student's own may do anything
        return False
    return True


@beside
def settle(module: object, inputs: Tensor) -> None:
    """Run the module in training mode, so that what layers keep beside their weights fits them.

    Due whenever numbers were written: a spectral norm keeps vectors that every such run improves,
    until the result stays as it is. The module is left in evaluation mode.
    """
    model = cast(nn.Module, module).train()
    with contextlib.suppress(Exception), torch.no_grad():  # training is judged elsewhere
        last: Any = model(inputs.clone())
        for _ in range(MOST_TO_SETTLE):
            result: Any = model(inputs.clone())
            if torch.equal(result, last):
                break
            last = result
    model.eval()


@beside
def used_but_not_trained(module: object, inputs: Tensor, seed: int = 0) -> Names:
    """Return the trainable parameters that change the result and yet get no gradient from it.

    A parameter without any influence (a leftover layer, the bias of the keys) is not among them.
    What is differentiated is a random weighted sum of the outputs: a plain sum is blind behind a
    LayerNorm or a softmax.
    """
    model = cast(nn.Module, module)
    settle(model, inputs)
    generator = torch.Generator().manual_seed(seed)
    result: Any = the_tensor(model(inputs.clone()), "forward")
    weights = torch.randn(result.shape, generator=generator)
    model.zero_grad(set_to_none=True)
    if result.requires_grad:
        (result * weights).sum().backward()
    own = {n: p for n, p in model.named_parameters() if p.requires_grad and not is_lazy(p)}
    untrained = [name for name, p in own.items() if p.grad is None or not p.grad.any()]
    return [name for name in untrained if _matters(model, own[name], inputs, result, generator)]


def _matters(
    model: nn.Module, parameter: Tensor, inputs: Tensor, result: Tensor, generator: torch.Generator
) -> bool:
    before = parameter.detach().clone()
    with torch.no_grad():
        parameter += torch.randn(before.shape, generator=generator)
        changed = not torch.allclose(model(inputs.clone()), result, rtol=1e-3, atol=1e-4)
        parameter.copy_(before)
    return changed


@beside
def image_gradient(vit: object, images: Tensor, n_patches: int, weights: Tensor) -> Numbers | None:
    """Return the gradient that reaches the images through patchify; None if none does."""
    images = images.clone().requires_grad_()
    patches: Any = the_tensor(cast(Any, vit).patchify(images, n_patches), "patchify")
    if not patches.requires_grad:
        return None
    (patches * weights).sum().backward()
    return images.grad


@beside
def input_after(subject: object, inputs: Tensor, *args: object, function: str = "") -> Numbers:
    """Call the module, or its function of that name, and return the input as it is afterwards."""
    called = getattr(subject, function) if function else cast(Any, subject)
    inputs = inputs.clone()
    called(inputs, *args)
    return inputs


@beside
def takes_gradient(vit: object, function: str, *args: object) -> bool:
    """Whether what a function of the student's returns would be trained."""
    return the_tensor(getattr(vit, function)(*args), function).requires_grad


@calling("{0}.to(torch.{2})(images.to(torch.{2}))")
@beside
def in_dtype(module: object, inputs: Tensor, name: str) -> object:
    """Run the module on inputs of a dtype ("float64"), both cast to it, after it has run as it is.

    returns   what the module made of them: the test says what it must be
    """
    cast(Any, module)(inputs.clone())
    dtype: torch.dtype = getattr(torch, name)
    return the_tensor(cast(nn.Module, module).to(dtype)(inputs.to(dtype)), "forward")


@beside
def plain_tensors(module: object) -> Count:
    """Return how many tensors are plain attributes, which .to(...) does not take along."""
    parts = cast(nn.Module, module).modules()
    return sum(isinstance(value, Tensor) for part in parts for value in vars(part).values())


@beside
def twins_apart(vit: object, build: str, one: Settings, other: Settings, inputs: Tensor) -> float:
    """Build two objects, give both the same numbers, and say how far apart their results are.

    build     a class of the contract; one, other: its positional and named arguments
    returns   the largest difference; infinite where their parameters are not the same ones, or where
              nothing depends on them
    """
    first, second = (getattr(vit, build)(*args, **kwargs).eval() for args, kwargs in (one, other))
    before = the_tensor(first(inputs.clone()), build).clone()
    if before.shape != the_tensor(second(inputs.clone()), build).shape:
        return math.inf
    with torch.no_grad():
        for w in first.parameters():
            w.normal_()
        if torch.equal(first(inputs.clone()), before):
            return math.inf
        try:
            second.load_state_dict(first.state_dict())
        except RuntimeError:  # other names, or other shapes
            return math.inf
        return float((first(inputs.clone()) - second(inputs.clone())).abs().max())


@beside
def moved_by(vit: object, build: str, args: list[object], inputs: Tensor) -> tuple[bool, bool]:
    """Build two objects alike; say whether the first changes with its own numbers, and the other's."""
    first, second = (getattr(vit, build)(*args).eval() for _ in range(2))
    second(inputs.clone())
    found = []
    for module in (first, second):
        before = the_tensor(first(inputs.clone()), build).clone()
        with torch.no_grad():
            for w in module.parameters():
                w.normal_()
            found.append(not torch.equal(first(inputs.clone()), before))
    return found[0], found[1]


@beside
def random_numbers_after(
    vit: object, seed: int, build: str, args: list[object]
) -> Annotated[Tensor, Floating(axes=1)]:
    """Seed torch, build an object of the student's, and return the next random numbers."""
    torch.manual_seed(seed)
    getattr(vit, build)(*args)
    return torch.rand(4)


@beside
def losses_on_one_batch(
    vit: object, images: Tensor, labels: Tensor, steps: int, sizes: Mapping[str, int]
) -> Annotated[list[float], Items(least=1)]:
    """Train a fresh LightViT on one batch; return the loss before every step.

    Every weight moves by a fixed step against its gradient's sign, which needs no tuning.
    """
    model = cast(Any, vit).LightViT(tuple(images.shape), **sizes)
    weights = [p for p in model.parameters() if p.requires_grad]
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(images), labels)
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes):
                if slope is not None:
                    weight -= 2e-3 * slope.sign()
        losses.append(loss.item())
    return losses
