"""Unusual: static and class methods carry the work, attributes are made in loops with setattr."""
import torch
from torch import nn


class Patcher:
    @staticmethod
    def check(height, width, n):
        if height % n or width % n:
            raise ValueError(f"{height} x {width} pixels, {n} patches a side")
        return height // n, width // n

    @classmethod
    def cut(cls, images, n):
        h, w = cls.check(images.size(2), images.size(3), n)
        out = []
        for k in range(n * n):
            row, col = divmod(k, n)
            out.append(images.narrow(2, row * h, h).narrow(3, col * w, w).flatten(1))
        return torch.stack(out, dim=1)


class Positions:
    BASE = 10000

    @staticmethod
    def angle(p, j, d):
        return p / Positions.BASE ** ((j - (j & 1)) / d)

    @classmethod
    def table(cls, n, d):
        p = torch.arange(n, dtype=torch.float64).unsqueeze(1)
        j = torch.arange(d)
        a = cls.angle(p, j, d)
        a = torch.where(j % 2 == 0, a, a + torch.pi / 2)
        return a.sin().to(dtype=torch.float32)


def patchify(images, n_patches):
    return Patcher.cut(images, n_patches)


def get_positional_embeddings(sequence_length, d):
    return Positions.table(sequence_length, d)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d must divide by n_heads")
        self.n_heads = n_heads
        for name in ("key", "value", "query", "final"):
            setattr(self, name, nn.Linear(d, d))

    @staticmethod
    def split_heads(x, n_heads):
        """(B, N, d) -> (B*heads, N, d_head)"""
        return torch.cat(x.chunk(n_heads, dim=-1), dim=0)

    @staticmethod
    def merge_heads(x, n_heads):
        return torch.cat(x.chunk(n_heads, dim=0), dim=-1)

    @staticmethod
    def attend(q, k, v):
        return torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)) * q.size(2) ** -0.5, dim=2), v)

    def forward(self, x):
        q, k, v = (self.split_heads(m(x), self.n_heads) for m in (self.query, self.key, self.value))
        return self.final(self.merge_heads(self.attend(q, k, v), self.n_heads))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        for name, module in self.make(hidden_d, n_heads, mlp_ratio).items():
            self.add_module(name, module)

    @staticmethod
    def make(d, n_heads, ratio):
        return {
            "norm1": nn.LayerNorm(d),
            "norm2": nn.LayerNorm(d),
            "msa": MyMSA(d, n_heads),
            "mlp": nn.Sequential(nn.Linear(d, ratio * d), nn.GELU(), nn.Linear(ratio * d, d)),
        }

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        h, w = Patcher.check(image_dim[2], image_dim[3], n_patches)
        self.n_patches = n_patches
        self.embed = nn.Linear(image_dim[1] * h * w, d)
        self.cls = nn.Parameter(torch.empty(1, 1, d))
        nn.init.xavier_uniform_(self.cls)
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d).unsqueeze(0))
        self.block_names = [f"block_{i}" for i in range(n_blocks)]
        for name in self.block_names:
            setattr(self, name, MyViTBlock(d, n_heads))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1).add(self.positions)
        for name in self.block_names:
            x = getattr(self, name)(x)
        return self.classifier(x[:, 0])
