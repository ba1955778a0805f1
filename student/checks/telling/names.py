"""Show what the names in a failing line stood for: shapes, which the exception often leaves out."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from types import TracebackType

import torch
from torch import nn

from checks.telling.failures import own_steps, text_of

NAME = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
MOST_NAMES = 6
LONGEST_NUMBER = 12  # characters


def names_of_last_line(trace: TracebackType | None, files: Collection[Path]) -> str:
    """Return the tensors' shapes and the numbers of a traceback's innermost line in these files."""
    *_, last = (None, *own_steps(trace, files))
    if last is None:
        return ""
    shown = {}
    for name in NAME.findall(text_of(last)):
        path, value = _resolved(name, last.tb_frame.f_locals)
        if text := _said(value):
            shown[path] = f"{path} {text}"
    return ", ".join(list(shown.values())[:MOST_NAMES])


def _resolved(name: str, known: dict[str, object]) -> tuple[str, object]:
    """Follow a dotted name as far as a tensor or a number, through modules alone."""
    first, *rest = name.split(".")
    path, value = first, known.get(first)
    for part in rest:
        if not isinstance(value, nn.Module):
            break
        held = {**vars(value), **value._parameters, **value._buffers, **value._modules}
        path, value = f"{path}.{part}", held.get(part)
    return path, value


def _said(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return str(tuple(value.shape))
    if isinstance(value, (int, float)) and len(text := repr(value)) <= LONGEST_NUMBER:
        return f"= {text}"
    return ""
