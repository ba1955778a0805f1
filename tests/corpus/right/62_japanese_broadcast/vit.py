"""小さな Vision Transformer。内積もブロードキャストで書いてみた版。"""

from __future__ import annotations

import cmath
import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import init


class Grid(NamedTuple):
    """画像をどう切るか。"""

    n: int
    ph: int
    pw: int

    @classmethod
    def of(cls, height: int, width: int, n: int) -> Grid:
        for name, side in (("height", height), ("width", width)):
            if side % n:
                raise ValueError(f"{name} {side} は {n} で割り切れません")
        return cls(n, height // n, width // n)


def patchify(images: Tensor, n_patches: int) -> Tensor:
    b, c, height, width = images.shape
    g = Grid.of(height, width, n_patches)
    x = images.contiguous().view(b, c, g.n, g.ph, g.n, g.pw)
    # 軸を一つずつ入れ替える: (b, c, 行, ph, 列, pw) -> (b, 行, 列, c, ph, pw)
    x = x.swapaxes(1, 2).swapaxes(3, 4).swapaxes(2, 3)
    return x.contiguous().view(b, g.n * g.n, c * g.ph * g.pw)


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    def row(p: int):
        for i in itertools.count():
            z = cmath.exp(1j * p / 10000 ** (2 * i / d))
            yield z.imag  # sin
            yield z.real  # cos

    values = [x for p in range(sequence_length) for x in itertools.islice(row(p), d)]
    return torch.tensor(values, dtype=torch.float32).view(sequence_length, d)


class MyMSA(nn.Module):
    def __init__(self, d: int, n_heads: int = 2) -> None:
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"d={d} は n_heads={n_heads} で割り切れません")
        self.d_head = d // n_heads
        self.wq, self.wk, self.wv = (nn.Parameter(init.orthogonal_(torch.empty(d, d))) for _ in range(3))

    def _split(self, x: Tensor) -> Tensor:
        return torch.stack(x.split(self.d_head, dim=-1), dim=1)

    def forward(self, sequences: Tensor) -> Tensor:
        q, k, v = (self._split(sequences @ w) for w in (self.wq, self.wk, self.wv))
        scores = (q.unsqueeze(3) * k.unsqueeze(2)).sum(-1)  # (b, h, n, n)
        weights = (scores / self.d_head**0.5).softmax(-1)
        heads = weights @ v  # こちらもブロードキャストで書けるが、遅いので行列積にした
        return torch.cat(torch.unbind(heads, dim=1), dim=-1)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm1 = nn.LayerNorm(hidden_d, eps=eps)
        self.norm2 = nn.LayerNorm(hidden_d, eps=eps)
        sizes = [hidden_d, mlp_ratio * hidden_d, hidden_d]
        self.mlp = nn.Sequential(nn.Linear(*sizes[:2]), nn.GELU("tanh"), nn.Linear(*sizes[1:]))

    def forward(self, x: Tensor) -> Tensor:
        x = self.msa(self.norm1(x)).add(x)
        return self.mlp(self.norm2(x)).add(x)


class LightViT(nn.Module):
    def __init__(
        self,
        image_dim: tuple[int, int, int, int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
        *,
        mlp_ratio: int = 4,
    ) -> None:
        super().__init__()
        channels = image_dim[1]
        self.grid = Grid.of(image_dim[2], image_dim[3], n_patches)
        self.embed = nn.Linear(channels * self.grid.ph * self.grid.pw, d)
        self.cls = nn.Parameter(init.xavier_uniform_(torch.empty(1, d)))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleDict({str(i): MyViTBlock(d, n_heads, mlp_ratio) for i in range(n_blocks)})
        self.head = nn.Linear(d, num_classes)
        init.kaiming_normal_(self.embed.weight, nonlinearity="linear")

    def tokens(self, images: Tensor) -> Tensor:
        """クラストークンを先頭に付け、位置を足す。"""
        patches = self.embed(patchify(images, self.grid.n))
        first = self.cls + self.pos[:1]  # (1, d)
        rest = patches + self.pos[1:]
        return torch.cat([first.expand(len(rest), 1, -1), rest], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.tokens(images)
        for block in self.blocks.values():
            x = block(x)
        first, *_ = x.unbind(dim=1)
        return self.head(first)
