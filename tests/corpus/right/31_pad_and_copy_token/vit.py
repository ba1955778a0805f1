"""Unusual: tokens are written into rows of a new tensor, class token first; q, k, v in an nn.ModuleDict."""
import torch
from torch import nn
from torch.nn import functional as F


def patchify(images, n_patches):
    b, c, height, width = images.shape
    for side in (height, width):
        if side % n_patches:
            raise ValueError(f"a side of {side} pixels cannot be cut into {n_patches} equal parts")
    h = height // n_patches
    w = width // n_patches
    # the row and the column of every patch element, as tables for advanced indexing
    device = images.device
    top = torch.arange(n_patches, device=device).repeat_interleave(n_patches) * h
    left = torch.arange(n_patches, device=device).repeat(n_patches) * w
    rows = top[:, None, None] + torch.arange(h, device=device)[None, :, None]
    cols = left[:, None, None] + torch.arange(w, device=device)[None, None, :]
    return images[:, :, rows, cols].transpose(1, 2).flatten(2)


def get_positional_embeddings(sequence_length, d):
    width = d + d % 2
    spots = torch.arange(sequence_length, dtype=torch.float64).view(sequence_length, 1, 1)
    pairs = torch.arange(width // 2, dtype=torch.float64).view(1, width // 2, 1)
    phase = torch.tensor([0.0, torch.pi / 2], dtype=torch.float64)
    waves = torch.sin(spots * torch.exp2(-2 * pairs / d * 13.287712379549449) + phase)
    return waves.flatten(1).narrow(1, 0, d).float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("n_heads has to divide d")
        self.n_heads = n_heads
        self.maps = nn.ModuleDict({"out": nn.Linear(d, d), "v": nn.Linear(d, d), "k": nn.Linear(d, d)})
        self.maps["q"] = nn.Linear(d, d)
        self.dropout = nn.Dropout(p=0.1)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = (self.maps[m](x).view(b, n, self.n_heads, -1) for m in "qkv")
        mixed = torch.empty_like(x)
        size = d // self.n_heads
        for h in range(self.n_heads):
            scores = torch.matmul(q[:, :, h], k[:, :, h].mT) * size**-0.5
            mixed[:, :, h * size : (h + 1) * size] = self.dropout(scores.softmax(-1)) @ v[:, :, h]
        return self.maps["out"](mixed)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm = nn.ModuleList(nn.LayerNorm(hidden_d) for _ in range(2))
        self.msa = MyMSA(hidden_d, n_heads)
        self.wide = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.narrow = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        x = torch.stack([x, self.msa(self.norm[0](x))]).sum(0)
        return torch.stack([x, self.narrow(F.gelu(self.wide(self.norm[1](x))))]).sum(0)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, c, height, width = image_dim
        if height % n_patches or width % n_patches:
            raise ValueError("n_patches does not fit the image")
        self.n_patches, self.d = n_patches, d
        self.to_token = nn.Linear(c * height * width // n_patches**2, d)
        self.class_token = nn.Parameter(torch.randn(d))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        patches = self.to_token(patchify(images, self.n_patches))
        tokens = patches.new_zeros(patches.shape[0], self.n_patches**2 + 1, self.d)
        tokens[:, 0] = self.class_token
        tokens[:, 1:] = patches
        tokens = tokens + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(tokens[:, 0])
