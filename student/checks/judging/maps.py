"""The four maps of an attention, and what attention with them gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

HALVINGS = 60
TIED = 1e-5  # from 1: the cosine of two maps, or of two of their rows, that are one


@dataclass(frozen=True)
class Maps:
    """q, k, v and the output, each (d, d + 1) in float64: a matrix, and what is added."""

    q: Tensor
    k: Tensor
    v: Tensor
    out: Tensor

    def result(self, x: Tensor, n_heads: int) -> Tensor:
        """Return attention over the sequences x (B, N, d), as torch computes it."""
        q, k, v = (_heads(mapped(x, one), n_heads) for one in (self.q, self.k, self.v))
        return mapped(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2), self.out)

    def scores(self, x: Tensor, n_heads: int) -> Tensor:
        """Return q k^T / sqrt(d_head) for the sequences x (B, N, d): (B, head, N, N)."""
        ones = torch.ones_like(x[..., :1])
        rows = torch.cat([x, ones], dim=-1).double()
        q, k = (one.reshape(n_heads, -1, one.shape[-1]) for one in (self.q, self.k))
        forms = torch.einsum("hre,hrf->hef", q, k)  # one bilinear form a head
        return torch.einsum("bne,hef,bmf->bhnm", rows, forms, rows) / math.sqrt(q.shape[1])

    def scaled(self, x: Tensor, n_heads: int, most: float) -> Tensor | None:
        """Return a multiple of x for which the largest score is `most`; None where there is none."""
        low, high = 1e-3, 1e3

        # Of a factor, scores are a polynomial: squared * f^2 + simple * f + none.
        none, plus, minus = (self.scores(factor * x, n_heads) for factor in (0, 1, -1))
        squared, simple = (plus + minus) / 2 - none, (plus - minus) / 2

        def largest(factor: float) -> float:
            return float((factor**2 * squared + factor * simple + none).abs().max())

        if not largest(low) < most < largest(high):
            return None
        for _ in range(HALVINGS):
            middle = (low * high) ** 0.5
            if largest(middle) < most:
                low = middle
            else:
                high = middle
        return low * x


def mapped(x: Tensor, maps: Tensor) -> Tensor:
    """Apply maps (..., d, d + 1) to tokens (B, N, d): (..., B, N, d), in float64."""
    matrix, added = maps[..., :-1], maps[..., -1]
    return torch.einsum("bnd,...ed->...bne", x.double(), matrix) + added[..., None, None, :]


def parallel(one: Tensor, other: Tensor) -> bool:
    """Whether one matrix is a multiple of the other."""
    cosine = F.cosine_similarity(one.flatten(), other.flatten(), dim=0)
    return bool(cosine.abs() > 1 - TIED)


def _heads(features: Tensor, n_heads: int) -> Tensor:
    return features.reshape(*features.shape[:2], n_heads, -1).transpose(1, 2)
