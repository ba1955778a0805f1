"""Unusual: attention loops over the batch; the class token is put in front by flipping, appending, flipping."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches:
        raise ValueError(f"H={H} does not divide by {n_patches}")
    if W % n_patches:
        raise ValueError(f"W={W} does not divide by {n_patches}")
    h, w = H // n_patches, W // n_patches
    index = torch.arange(C * H * W, device=images.device).view(C, H, W)
    index = index.unfold(1, h, h).unfold(2, w, w)  # C, row, col, h, w
    index = index.permute(1, 2, 0, 3, 4).reshape(-1)
    return images.flatten(1).index_select(1, index).view(B, n_patches**2, C * h * w)


def get_positional_embeddings(sequence_length, d):
    # step by step: turning by one more omega each row is multiplying by e^(i omega)
    omega = 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.cumsum(omega.repeat(sequence_length, 1), dim=0) - omega
    table = torch.zeros(sequence_length, d)
    table[:, 0::2] = angle.sin().float()
    table[:, 1::2] = angle.cos().float()[:, : table[:, 1::2].shape[1]]
    return table


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("n_heads must divide d")
        self.n_heads = n_heads
        self.qkv = nn.ModuleList([nn.Linear(d, d) for _ in "qkv"])
        self.last = nn.Linear(d, d)

    def one(self, x):
        """(N, d) -> (N, d)"""
        q, k, v = [m(x).view(len(x), self.n_heads, -1).transpose(0, 1) for m in self.qkv]
        a = torch.bmm(q, k.transpose(1, 2)) / q.shape[-1] ** 0.5
        return torch.bmm(a.softmax(-1), v).transpose(0, 1).reshape(len(x), -1)

    def forward(self, sequences):
        return self.last(torch.stack([self.one(s) for s in sequences]))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        d_mlp = mlp_ratio * hidden_d
        # in the order of use
        self.steps = nn.ModuleList(
            [
                nn.Sequential(nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads)),
                nn.Sequential(
                    nn.LayerNorm(hidden_d), nn.Linear(hidden_d, d_mlp), nn.GELU(), nn.Linear(d_mlp, hidden_d)
                ),
            ]
        )

    def forward(self, x):
        for step in self.steps:
            x = x + step(x)
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        B, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("image_dim and n_patches do not fit")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.normal(0.0, 1.0, size=(1, d)))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        for i in range(1, n_blocks + 1):
            setattr(self, f"encoder{i}", MyViTBlock(d, n_heads))
        self.n_blocks = n_blocks
        self.norm = nn.LayerNorm(d)
        self.classify = nn.Linear(d, num_classes)

    def forward(self, images):
        t = self.embed(patchify(images, self.n_patches)).flip(1)
        t = torch.cat((t, self.cls.expand(t.shape[0], 1, -1)), dim=1).flip(1)
        t = t + self.pos
        for i in range(self.n_blocks):
            t = self._modules[f"encoder{i + 1}"](t)
        return self.classify(self.norm(t)[:, 0])
