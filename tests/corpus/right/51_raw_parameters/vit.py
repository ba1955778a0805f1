"""No layers from torch.nn at all (except containers): every weight is a bare nn.Parameter."""

import math

import torch
from torch import Tensor, einsum, nn


def patchify(images: Tensor, n_patches: int) -> Tensor:
    n = n_patches
    for side in images.shape[2:]:
        if side % n:
            raise ValueError(f"side {side} is no multiple of {n}")
    # row by row, inside a row from left to right
    return torch.cat(
        [
            torch.stack([patch.flatten(1) for patch in strip.chunk(n, dim=3)], dim=1)
            for strip in images.chunk(n, dim=2)
        ],
        dim=1,
    )


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    p = torch.arange(sequence_length, dtype=torch.float64)
    column = torch.arange(d)
    rate = 10000.0 ** (-(column - column % 2).double() / d)
    angle = torch.outer(p, rate)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos()).float()


def uniform(*shape: int, fan_in: int) -> nn.Parameter:
    """A weight like the one nn.Linear starts with."""
    bound = 1 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class Affine(nn.Module):
    """x W + b, with W (inputs, outputs), i.e. the other way round than nn.Linear."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.W = uniform(inputs, outputs, fan_in=inputs)
        self.b = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.W + self.b


class Norm(nn.Module):
    def __init__(self, d: int, eps: float = 1e-5):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(d))
        self.bias = nn.Parameter(torch.zeros(d))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred * centred).mean(-1, keepdim=True)  # biased, as in the paper
        return centred / torch.sqrt(variance + self.eps) * self.gain + self.bias


def gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


class MyMSA(nn.Module):
    def __init__(self, d: int, n_heads: int = 2):
        if d % n_heads != 0:
            raise ValueError(f"{d} features cannot be shared by {n_heads} heads")
        super().__init__()
        e = d // n_heads
        self.W_q = uniform(n_heads, d, e, fan_in=d)
        self.W_k = uniform(n_heads, d, e, fan_in=d)
        self.W_v = uniform(n_heads, d, e, fan_in=d)
        self.W_o = uniform(n_heads, e, d, fan_in=d)

    def forward(self, sequences: Tensor) -> Tensor:
        q = einsum("bnd,hde->bhne", sequences, self.W_q)
        k = einsum("bnd,hde->bhne", sequences, self.W_k)
        v = einsum("bnd,hde->bhne", sequences, self.W_v)
        a = einsum("bhqe,bhke->bhqk", q, k) / math.sqrt(q.shape[-1])
        a = torch.softmax(a, -1)
        # heads side by side, then the output map: one sum over heads and features
        return einsum("bhqk,bhke,hed->bqd", a, v, self.W_o)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4):
        super().__init__()
        self.n1, self.n2 = Norm(hidden_d), Norm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.up = Affine(hidden_d, mlp_ratio * hidden_d)
        self.down = Affine(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x: Tensor) -> Tensor:
        y = x + self.attention(self.n1(x))
        return y + self.down(gelu(self.up(self.n2(y))))


class LightViT(nn.Module):
    positions: Tensor

    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[1:]
        self.n_patches = n_patches
        self.embed = Affine(C * H * W // n_patches**2, d)
        self.token = nn.Parameter(torch.randn(1, d) * 0.02)
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList(MyViTBlock(d, n_heads) for _ in range(n_blocks))
        self.head = Affine(d, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.embed(patchify(images, self.n_patches))
        B, _, d = patches.shape
        x = torch.cat([self.token.expand(B, 1, d), patches], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])
