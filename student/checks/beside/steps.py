"""Keep the tensors that flow through a student's forward, whatever its code looks like.

Where the parameters do not tell what is computed, the numbers on the way do. They are a hint, and
never evidence: whoever asks for them works the result out anew, from inputs of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from checks.beside.measurement import beside
from checks.beside.probes import watch
from checks.beside.promise import MOST_NUMBERS, Like, Numbers, Together

MOST_STEPS = 1500  # tensors of one forward; an attention of five heads in loops has some hundred
FILLING = ("__setitem__", "copy_")


class Watching(TorchFunctionMode):
    """Sees every tensor, with numbers in it, that a call of torch returns or fills."""

    def see(self, name: str, tensor: Tensor) -> None:
        """Take a tensor, and the name of the call, which goes on with it: whoever keeps it copies."""
        raise NotImplementedError

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        filled = args[:1] if name in FILLING else ()
        for tensor in map(_plain, tensors_in((result, *filled))):
            if tensor.device.type != "meta":
                self.see(name, tensor)
        return result


class _Keeping(Watching):
    """Copies what is seen; complex numbers as pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, Tensor]] = []

    def see(self, name: str, tensor: Tensor) -> None:
        if tensor.is_complex():
            tensor = torch.view_as_real(tensor.resolve_conj())
        if tensor.is_floating_point() and tensor.numel() > 1 and len(self.kept) < MOST_STEPS:
            self.kept.append((name, tensor.detach().clone()))


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield the tensors in what a call takes or returns."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from tensors_in(one)


def _plain(tensor: Tensor) -> Tensor:
    """Return what torch.func wraps: inside of vmap, the numbers of the whole batch."""
    wrapped = torch._C._functorch  # no public name tells
    while wrapped.is_functorch_wrapped_tensor(tensor):
        tensor = wrapped.get_unwrapped(tensor)
    return tensor


@beside
def steps(
    module: object, runs: Tensor, names: Sequence[str] = (), answers: Tensor | None = None
) -> Annotated[dict[Annotated[str, Like(r"\d+ \S*")], Numbers], Together()]:
    """Run the module once for each of the inputs, and return the tensors on the way.

    runs     (S, ...), the inputs of S forwards
    answers  (S, ...), what the parts of these names return in them, instead of their own results
    returns  "place call" -> (S, ...), in the order in which they are computed; those that are
             there in every forward, in the same shape
    """
    forwards: list[list[tuple[str, Tensor]]] = []
    numbers = 0
    for run, inputs in enumerate(runs):
        with torch.no_grad(), _Keeping() as keeping:
            watch(module, inputs.clone(), names, None if answers is None else answers[run])
        forwards.append(keeping.kept)
        numbers += sum(tensor.numel() for _, tensor in keeping.kept)
        if numbers > MOST_NUMBERS:
            return {}
    return {
        f"{place} {row[0][0]}": torch.stack([tensor for _, tensor in row])
        for place, row in enumerate(zip(*forwards))
        if len({(name, tensor.shape, tensor.dtype) for name, tensor in row}) == 1
    }
