"""Unusual: one file for everything: vit.py also defines train_one_epoch and evaluate, and there is no train.py."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("H and W must be divisible by n_patches")
    h, w = H // n_patches, W // n_patches
    x = images.reshape(B, C, n_patches, h, n_patches, w)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(B, n_patches**2, C * h * w)


def get_positional_embeddings(sequence_length, d):
    even = torch.arange(0, d, 2, dtype=torch.float64)
    rows = []
    for p in range(sequence_length):
        row = torch.zeros(d)
        row[0::2] = torch.sin(p / 10000 ** (even / d)).float()
        row[1::2] = torch.cos(p / 10000 ** (even / d)).float()[: d // 2]
        rows.append(row)
    return torch.stack(rows)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d must be divisible by n_heads")
        self.n_heads = n_heads
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d)

    def forward(self, x):
        e = x.shape[-1] // self.n_heads
        heads = []
        for q, k, v in zip(self.q(x).split(e, -1), self.k(x).split(e, -1), self.v(x).split(e, -1)):
            heads.append(torch.softmax(q @ k.transpose(1, 2) / e**0.5, dim=-1) @ v)
        return torch.cat(heads, dim=-1)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("H and W must be divisible by n_patches")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.randn(1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        x = torch.stack([torch.cat([self.cls, tokens]) + self.pos for tokens in x])
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    losses = []
    sizes = []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        sizes.append(x.shape[0])
    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    hits = []
    for x, y in loader:
        hits += (model(x.to(device)).argmax(-1) == y.to(device)).tolist()
    return sum(hits) / len(hits)
