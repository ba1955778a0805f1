"""Unusual: imports inside functions, helper functions inside methods, helper classes inside classes."""
from torch.nn import Module


def patchify(images, n_patches):
    import torch

    def cut(tensor, axis):
        if tensor.shape[axis] % n_patches:
            raise ValueError(f"axis {axis} has {tensor.shape[axis]} pixels, not a multiple of {n_patches}")
        return torch.chunk(tensor, n_patches, axis)

    def one(patch):
        return patch.reshape(patch.shape[0], -1)

    if images.shape[3] % n_patches:
        raise ValueError("width")
    return torch.stack([one(patch) for strip in cut(images, 2) for patch in cut(strip, 3)], 1)


def get_positional_embeddings(sequence_length, d):
    from math import cos, sin

    from torch import float32, tensor

    def row(p):
        angles = [p / 10000 ** (i / d) for i in range(0, d, 2)]
        values = []
        for a in angles:
            values += [sin(a), cos(a)]
        return values[:d]

    return tensor([row(p) for p in range(sequence_length)], dtype=float32)


class MyMSA(Module):
    class Projection(Module):
        """A linear map that gives (B, head, N, d_head)."""

        def __init__(self, d, n_heads):
            from torch.nn import Linear

            super().__init__()
            self.map = Linear(d, d)
            self.n_heads = n_heads

        def forward(self, x):
            y = self.map(x)
            return y.reshape(*y.shape[:2], self.n_heads, -1).transpose(1, 2)

    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d % n_heads")
        self.value = self.Projection(d, n_heads)
        self.query = self.Projection(d, n_heads)
        self.key = self.Projection(d, n_heads)

    def forward(self, x):
        from torch import einsum

        def attend(q, k, v):
            scores = einsum("...qe,...ke->...qk", q, k) / q.shape[-1] ** 0.5
            return einsum("...qk,...ke->...qe", scores.softmax(-1), v)

        return attend(self.query(x), self.key(x), self.value(x)).transpose(1, 2).flatten(2)


class MyViTBlock(Module):
    class FeedForward(Module):
        def __init__(self, d, ratio):
            from torch import nn

            super().__init__()
            self.net = nn.Sequential(nn.Linear(d, ratio * d), nn.GELU(), nn.Linear(ratio * d, d))

        def forward(self, x):
            return self.net(x)

    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        from torch.nn import LayerNorm

        super().__init__()
        self.before_msa = LayerNorm(hidden_d)
        self.before_mlp = LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = MyViTBlock.FeedForward(hidden_d, mlp_ratio)

    def forward(self, x):
        def residual(norm, layer, y):
            return y + layer(norm(y))

        return residual(self.before_mlp, self.mlp, residual(self.before_msa, self.msa, x))


class LightViT(Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        import torch
        from torch import nn

        super().__init__()
        self.n_patches = n_patches
        example = patchify(torch.empty(1, *image_dim[1:]), n_patches)
        self.map = nn.Linear(example.shape[2], d)
        self.cls = nn.Parameter(torch.zeros(1, 1, d).uniform_(-0.1, 0.1))
        self.register_buffer("pos", get_positional_embeddings(example.shape[1] + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        from functools import reduce

        from torch import cat

        x = self.map(patchify(images, self.n_patches))
        x = cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos
        x = reduce(lambda y, block: block(y), self.blocks, x)
        return self.head(x[:, 0])
