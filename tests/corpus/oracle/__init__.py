"""The contract in numbers: plain formulas in float64 that share no line with the tests.

It judges one piece of a file, with the pieces before it replaced by its own stand-ins. What a
module's parameters are is said by the `maps` of the fragment that it was made from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from . import stand_ins
from .attention import ATTENTION
from .block import BLOCK
from .functions import PATCHIFY, POSITIONS
from .laws import Broken, Law, Maps, Undecided
from .model import MODEL
from .training import EVALUATION, TRAINING

LAWS: dict[str, tuple[Law, ...]] = {
    "patchify": PATCHIFY,
    "get_positional_embeddings": POSITIONS,
    "MyMSA": ATTENTION,
    "MyViTBlock": BLOCK,
    "LightViT": MODEL,
    "train_one_epoch": TRAINING,
    "evaluate": EVALUATION,
}


def judge(piece: str, module: Any, maps: Maps) -> tuple[str, str]:
    """Return "keeps", "breaks" or "undecided", and the law that it breaks or cannot be held to."""
    names = list(LAWS)
    for name in names[: names.index(piece)]:
        if hasattr(stand_ins, name):
            setattr(module, name, getattr(stand_ins, name))
    undecided = ""
    for law in LAWS[piece]:
        try:
            _apply(law, module, maps)
        except Broken as broken:
            return "breaks", str(broken)
        except Undecided as reason:
            undecided = undecided or str(reason)
        except Exception as error:
            return "breaks", f"{law.__name__.strip('_')} raises {type(error).__name__}: {error}"
        finally:
            torch.set_grad_enabled(True)
    return ("undecided", undecided) if undecided else ("keeps", "")


def _apply(law: Law, module: Any, maps: Maps) -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    with np.errstate(all="ignore"):
        law(module, maps)
