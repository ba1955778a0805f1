"""Unusual: a head is a 0/1 mask over the features; products run over all d features, heads are added up."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    rest = (H % n_patches) + (W % n_patches)
    if rest:
        raise ValueError("H and W must divide")
    # merge columns first, then rows
    strips = images.reshape(B, C, H, n_patches, W // n_patches).permute(0, 3, 1, 2, 4)  # B, col, C, H, w
    grid = strips.reshape(B, n_patches, C, n_patches, H // n_patches, W // n_patches)  # B, col, C, row, h, w
    return grid.permute(0, 3, 1, 2, 4, 5).reshape(B, n_patches**2, -1)


def get_positional_embeddings(sequence_length, d):
    p = torch.arange(sequence_length, dtype=torch.float64)
    table = torch.zeros(d, sequence_length, dtype=torch.float64)
    for i in range((d + 1) // 2):
        rate = 10000 ** (2 * i / d)
        table[2 * i] = torch.sin(p / rate)
        if 2 * i + 1 < d:
            table[2 * i + 1] = torch.cos(p / rate)
    return table.t().float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d must divide by n_heads")
        owner = torch.arange(d) // (d // n_heads)  # the head of every feature
        masks = (owner == torch.arange(n_heads)[:, None]).float()
        self.register_buffer("masks", masks)
        self.root = (d // n_heads) ** 0.5
        self.to_q = nn.Linear(d, d)
        self.to_k = nn.Linear(d, d)
        self.to_v = nn.Linear(d, d)
        self.to_out = nn.Linear(d, d)

    def forward(self, x):
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        total = 0
        for mask in self.masks:
            weights = torch.softmax((q * mask) @ k.transpose(1, 2) / self.root, dim=2)
            total = total + weights @ (v * mask)
        return self.to_out(total)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp1 = nn.Conv1d(hidden_d, mlp_ratio * hidden_d, 1)
        self.mlp2 = nn.Conv1d(mlp_ratio * hidden_d, hidden_d, 1)

    def mlp(self, x):
        return self.mlp2(nn.functional.gelu(self.mlp1(x.mT))).mT

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("H and W must divide")
        self.n_patches = n_patches
        self.embed = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        # one row more than the patches: row 0 is the class token, learned, the others stay 0
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, num_classes, bias=False)

    def forward(self, images):
        x = self.embed(patchify(images, self.n_patches))
        padded = nn.functional.pad(x, (0, 0, 1, 0))
        cls = nn.functional.pad(self.cls, (0, 0, 0, x.shape[1]))
        x = padded + cls + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))
