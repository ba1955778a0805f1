"""Measure a student's module where it lives: parameters, gradients, dtype, device, side effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from checks.beside import beside
from checks.failures import the_tensor


@beside
def parameters(module: object) -> dict[str, Tensor]:
    """Return the trainable parameters by name, as copies."""
    return {
        name: p.detach().clone()
        for name, p in cast(nn.Module, module).named_parameters()
        if p.requires_grad
    }


@beside
def set_parameters(module: object, values: Mapping[str, Tensor]) -> None:
    """Write new numbers into the parameters of these names, in their own dtype."""
    own = dict(cast(nn.Module, module).named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            own[name].copy_(value)


@beside
def used_but_not_trained(module: object, inputs: Tensor, seed: int = 0) -> list[str]:
    """Return the trainable parameters that change the result and yet get no gradient from it.

    A parameter without any influence (a leftover layer, the bias of the keys) is not among them.
    What is differentiated is a random weighted sum of the outputs: a plain sum is blind behind a
    LayerNorm or a softmax.
    """
    model = cast(nn.Module, module).eval()
    generator = torch.Generator().manual_seed(seed)
    result: Any = the_tensor(model(inputs), "forward")
    weights = torch.randn(result.shape, generator=generator)
    model.zero_grad(set_to_none=True)
    if result.requires_grad:
        (result * weights).sum().backward()
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    untrained = [name for name, p in own.items() if p.grad is None or not p.grad.any()]
    return [name for name in untrained if _matters(model, own[name], inputs, result, generator)]


def _matters(
    model: nn.Module, parameter: Tensor, inputs: Tensor, result: Tensor, generator: torch.Generator
) -> bool:
    before = parameter.detach().clone()
    with torch.no_grad():
        parameter += torch.randn(before.shape, generator=generator)
        changed = not torch.allclose(model(inputs), result, rtol=1e-3, atol=1e-4)
        parameter.copy_(before)
    return changed


@beside
def image_gradient(vit: object, images: Tensor, n_patches: int, weights: Tensor) -> Tensor | None:
    """Return the gradient that reaches the images through patchify; None if none does."""
    images = images.clone().requires_grad_()
    patches: Any = the_tensor(cast(Any, vit).patchify(images, n_patches), "patchify")
    if not patches.requires_grad:
        return None
    (patches * weights).sum().backward()
    return images.grad


@beside
def input_after(subject: object, inputs: Tensor, *args: object, function: str = "") -> Tensor:
    """Call the module, or its function of that name, and return the input as it is afterwards."""
    called = getattr(subject, function) if function else cast(Any, subject)
    inputs = inputs.clone()
    called(inputs, *args)
    return inputs


@beside
def on_meta_device(module: object, inputs: Tensor) -> str:
    """Move the module to torch's meta device, run it there, return the result's device.

    The meta device has shapes and no numbers. A table that stays behind on the CPU shows at once,
    without a GPU.
    """
    moved = cast(nn.Module, module).to("meta")
    return str(the_tensor(moved(inputs.to("meta")), "forward").device)


@beside
def in_double(module: object, inputs: Tensor) -> Tensor:
    """Make the module float64 and run it on float64 inputs."""
    return cast(Tensor, cast(nn.Module, module).double()(inputs.double()))


@beside
def random_numbers_after(vit: object, seed: int, build: str, args: list[object]) -> Tensor:
    """Seed torch, build an object of the student's, and return the next random numbers."""
    torch.manual_seed(seed)
    getattr(vit, build)(*args)
    return torch.rand(4)


@beside
def losses_on_one_batch(
    vit: object, images: Tensor, labels: Tensor, steps: int, sizes: Mapping[str, int]
) -> list[float]:
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
