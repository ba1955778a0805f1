"""Unusual: heavy typing: NamedTuple, Protocol, Generic, overloads, keyword-only helpers, Final constants."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, NamedTuple, Protocol, TypeVar, cast, runtime_checkable

import torch
from torch import Tensor, nn

BASE: Final[float] = 10_000.0
T = TypeVar("T")


class Size(NamedTuple):
    height: int
    width: int

    def __floordiv__(self, n: int) -> Size:
        if self.height % n != 0 or self.width % n != 0:
            raise ValueError(f"{self} does not divide by {n}")
        return Size(self.height // n, self.width // n)

    @property
    def area(self) -> int:
        return self.height * self.width


@runtime_checkable
class SequenceMap(Protocol):
    def __call__(self, x: Tensor, /) -> Tensor: ...


class Three(Generic[T]):
    def __init__(self, *, q: T, k: T, v: T) -> None:
        self.q, self.k, self.v = q, k, v

    def __iter__(self) -> Iterator[T]:
        yield from (self.q, self.k, self.v)


def patchify(images: Tensor, n_patches: int) -> Tensor:
    batch, channels, *hw = images.shape
    size = Size(*hw) // n_patches
    out: Tensor = images.unfold(2, size.height, size.height).unfold(3, size.width, size.width)
    out = out.movedim(1, 3)
    return out.reshape(batch, n_patches * n_patches, channels * size.area)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    position: Tensor = torch.arange(sequence_length, dtype=torch.float64).unsqueeze(-1)
    column: Tensor = torch.arange(d)
    exponent: Tensor = torch.div(column, 2, rounding_mode="floor").mul(2).double().div(d)
    angle: Tensor = position * torch.exp(exponent * -torch.log(torch.tensor(BASE, dtype=torch.float64)))
    is_even: Tensor = column.remainder(2).eq(0)
    return torch.where(is_even, angle.sin(), angle.cos()).to(dtype=torch.float32)


class MyMSA(nn.Module):
    n_heads: Final[int]

    def __init__(self, d: int, n_heads: int = 2, *, bias: bool = True) -> None:
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"{d=} does not divide by {n_heads=}")
        self.n_heads = n_heads
        self.v_map: nn.Linear = nn.Linear(d, d, bias=bias)
        self.k_map: nn.Linear = nn.Linear(d, d, bias=bias)
        self.q_map: nn.Linear = nn.Linear(d, d, bias=bias)
        self.o_map: nn.Linear = nn.Linear(d, d, bias=bias)

    def _cut(self, x: Tensor) -> Tensor:
        return torch.stack(torch.split(x, x.shape[-1] // self.n_heads, dim=-1), dim=-3)

    def _join(self, x: Tensor) -> Tensor:
        return torch.cat(torch.unbind(x, dim=-3), dim=-1)

    def forward(self, sequences: Tensor) -> Tensor:
        three = Three(q=self.q_map(sequences), k=self.k_map(sequences), v=self.v_map(sequences))
        q, k, v = map(self._cut, three)
        scores = torch.einsum("...id,...jd->...ij", q, k) * float(q.shape[-1]) ** -0.5
        return cast(Tensor, self.o_map(self._join(torch.softmax(scores, dim=-1) @ v)))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.norm1: nn.LayerNorm = nn.LayerNorm(normalized_shape=hidden_d)
        self.norm2: nn.LayerNorm = nn.LayerNorm(normalized_shape=hidden_d)
        self.msa: SequenceMap = MyMSA(d=hidden_d, n_heads=n_heads)
        self.mlp: SequenceMap = nn.Sequential(
            nn.Linear(in_features=hidden_d, out_features=mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(in_features=mlp_ratio * hidden_d, out_features=hidden_d),
        )

    def forward(self, x: Tensor) -> Tensor:
        attended: Tensor = x + self.msa(self.norm1(x))
        return attended + self.mlp(self.norm2(attended))


class LightViT(nn.Module):
    positions: Tensor

    def __init__(
        self,
        image_dim: tuple[int, int, int, int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        self.n_patches: Final[int] = n_patches
        patch = Size(image_dim[2], image_dim[3]) // n_patches
        self.embedding = nn.Linear(image_dim[1] * patch.area, d)
        self.class_token = nn.Parameter(nn.init.normal_(torch.empty(1, 1, d)))
        self.register_buffer("positions", get_positional_embeddings(sequence_length=n_patches**2 + 1, d=d))
        self.blocks = nn.ModuleList(MyViTBlock(hidden_d=d, n_heads=n_heads) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(d)
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        patches: Tensor = self.embedding(patchify(images=images, n_patches=self.n_patches))
        class_token: Tensor = self.class_token.expand(patches.shape[0], -1, -1)
        tokens: Tensor = torch.cat((class_token, patches), dim=1) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return cast(Tensor, self.classifier(self.norm(tokens[:, 0])))
