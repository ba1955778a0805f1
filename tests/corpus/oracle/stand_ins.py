"""Earlier pieces, as simple as can be, for a later one to work with: what they compute is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .functions import table
from .laws import Numbers


def patchify(images: Tensor, n_patches: int) -> Tensor:
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("not divisible")
    grid = images.reshape(B, C, n_patches, H // n_patches, n_patches, W // n_patches)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(B, n_patches**2, -1)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    return torch.from_numpy(table(sequence_length, d)).float()


class Recording(nn.Module):
    """Keeps what was made of it, and in which order it ran."""

    made: list[Any]
    ran: list[Any]

    def __init_subclass__(cls) -> None:
        cls.made, cls.ran = [], []

    @classmethod
    def forget(cls) -> None:
        cls.made.clear()
        cls.ran.clear()


class MyMSA(Recording):
    """A linear map of the tokens in reverse order."""

    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        self.sizes = (d, n_heads)
        self.weight = nn.Parameter(torch.randn(d, d) * 0.3)
        type(self).made.append(self)

    def forward(self, sequences: Tensor) -> Tensor:
        type(self).ran.append(self)
        return sequences.flip(1) @ self.weight.T

    def by_hand(self, x: Numbers) -> Numbers:
        flipped: Numbers = x[:, ::-1] @ self.weight.detach().double().numpy().T
        return flipped


class MyViTBlock(Recording):
    """Adds the tanh of a token's map, and of a weighted sum of all tokens."""

    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.sizes = (hidden_d, n_heads, mlp_ratio)
        self.own = nn.Parameter(torch.randn(hidden_d, hidden_d) * 0.3)
        self.others = nn.Parameter(torch.randn(hidden_d, hidden_d) * 0.3)
        type(self).made.append(self)

    def forward(self, x: Tensor) -> Tensor:
        type(self).ran.append(self)
        shares = 1 / (1 + torch.arange(x.shape[1], device=x.device, dtype=x.dtype))
        mixed = (x * shares[:, None]).sum(1, keepdim=True)
        return x + torch.tanh(x @ self.own.T + mixed @ self.others.T)

    def by_hand(self, x: Numbers) -> Numbers:
        own, others = (w.detach().double().numpy() for w in (self.own, self.others))
        mixed = (x / (1 + np.arange(x.shape[1]))[:, None]).sum(1, keepdims=True)
        result: Numbers = x + np.tanh(x @ own.T + mixed @ others.T)
        return result
