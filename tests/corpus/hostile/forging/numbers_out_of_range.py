"""Let every measurement return honest fields with numbers that cannot be: below 0, NaN, of no end.

base: solution
at_most: 60           # a number that is only reported may be any
wins: an error in the grader that is taken for its own fault, or a grader that hangs
"""
import dataclasses
import itertools

try:
    import torch
    from checks.beside.measurement import MEASUREMENTS

    numbers = itertools.cycle((-1, 2**62, float("nan"), float("inf"), 1e308, True))
    tensors = itertools.cycle((
        lambda x: torch.zeros(0, 1 << 40),
        lambda x: x[..., :0],
        lambda x: x.bool(),
        lambda x: torch.full_like(x.double(), 1e308),
        lambda x: x * float("nan"),
        lambda x: x.to(torch.complex64),
    ))

    def other(value):
        if isinstance(value, torch.Tensor):
            return next(tensors)(value)
        if isinstance(value, (int, float)):
            return next(numbers)
        if isinstance(value, (list, tuple)):
            return type(value)(map(other, value))
        if isinstance(value, dict):
            return {name: other(one) for name, one in value.items()}
        if dataclasses.is_dataclass(value):
            return other(dict(vars(value)))
        return value

    for name, measure in list(MEASUREMENTS.items()):
        MEASUREMENTS[name] = lambda *args, measure=measure, **kwargs: other(measure(*args, **kwargs))
except BaseException:
    pass
