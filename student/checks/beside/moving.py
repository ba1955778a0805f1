"""Tell whether what a student's code makes is on the device of the model, without another device.

Two ways, neither of which knows all: torch's meta device has shapes and no numbers, so it refuses code
that looks at one, and whatever torch has not written for it. And while the code runs on real numbers,
it can be noted which tensors would have been moved, and what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from checks.beside.measurement import beside
from checks.beside.steps import FILLING, tensors_in
from checks.telling.failures import the_tensor

Device = Literal["meta", "cpu", "another device"]
LEAVING = ("cpu", "numpy", "tolist", "item")
INDEXING = ("__getitem__", *FILLING)  # on a GPU, they take a tensor of the CPU as well


@beside
def on_meta_device(module: object, inputs: Tensor) -> Device:
    """Move the module to torch's meta device, run it there, return the result's device.

    A table that stays behind on the CPU shows at once, without a GPU. It is run on real numbers before,
    so that lazily built layers come into being.
    """
    model = cast(nn.Module, module)
    held = [*model.parameters(), *model.buffers()]
    cast(Any, model)(inputs)
    noted = _follows(model, inputs, [*held, *model.parameters(), *model.buffers()])
    return _device_of_result(lambda x: model.to("meta")(x), inputs, noted)


@beside
def patchify_on_meta_device(vit: object, images: Tensor, n_patches: int) -> Device:
    """Cut images on torch's meta device; return the device of the patches."""

    def run(x: Tensor) -> object:
        return cast(Any, vit).patchify(x, n_patches)

    return _device_of_result(run, images, _follows(run, images, []))


def _device_of_result(run: Callable[[Tensor], object], inputs: Tensor, noted: bool) -> Device:
    """Return where the result of a run on the meta device is.

    noted  whether it is known already that it follows: that meta refuses then tells of meta alone
    """
    try:
        device = the_tensor(run(inputs.to("meta")), "It").device.type
    except Exception:  # whatever meta refuses, or the student's code raises there
        if noted:
            return "meta"
        raise
    return "meta" if device == "meta" else "cpu" if device == "cpu" else "another device"


class Noting(TorchFunctionMode):
    """Notes which tensors would be on another device, had `moved` been moved there.

    left   the kind of tensors that must not be mixed with those, if they were not moved as well
    """

    def __init__(self, moved: Iterable[Tensor], left: type[Tensor] = Tensor) -> None:
        super().__init__()
        self.left = left
        self.moved = list(moved)  # holding them, no other one gets their number
        self.numbers = set(map(id, self.moved))
        self.mixed = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        given = list(tensors_in((args, kwargs)))
        there = [self.is_moved(one) for one in given]
        if any(there) and name not in INDEXING:
            behind = [
                one for one, here in zip(given, there) if isinstance(one, self.left) and not here
            ]
            self.mixed |= any(one.dim() > 0 for one in behind)
        asked = any(isinstance(one, torch.device) for one in [*args, *kwargs.values()])
        leaves = name in LEAVING or (name == "to" and any(isinstance(one, str) for one in args))
        follows = (any(there) or asked) and not leaves
        if name in INDEXING:
            follows = self.is_moved(given[0])
        if follows:
            self._note(result)
        elif isinstance(result, Tensor) and self.is_moved(result):
            return result.view_as(result)  # .cpu() of what is there already is the tensor itself
        return result

    def is_moved(self, tensor: Tensor) -> bool:
        return id(tensor) in self.numbers

    def _note(self, result: object) -> None:
        for tensor in tensors_in(result):
            self.moved.append(tensor)
            self.numbers.add(id(tensor))


def _follows(run: Callable[[Tensor], object], inputs: Tensor, held: Iterable[Tensor]) -> bool:
    """Whether nothing but what is moved is mixed into the result, and the result is moved itself."""
    try:
        with torch.no_grad(), Noting([inputs, *held]) as noting:
            result = run(inputs)
    except Exception:  # code may not bear being looked at: then it is not known
        return False
    return isinstance(result, Tensor) and noting.is_moved(result) and not noting.mixed
