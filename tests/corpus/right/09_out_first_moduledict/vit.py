"""Unusual: the output map is registered first and v before k before q; the block is one ModuleDict."""
import torch
from torch import nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches != 0 or W % n_patches != 0:
        raise ValueError("H, W must be divisible by n_patches")
    rows = images.split(H // n_patches, dim=2)
    cells = [cell for row in rows for cell in row.split(W // n_patches, dim=3)]
    return torch.cat([cell.flatten(1)[:, None] for cell in cells], dim=1)


def get_positional_embeddings(sequence_length, d):
    table = torch.zeros((sequence_length, d))
    positions = torch.arange(sequence_length).double()
    for column in range(d):
        angle = positions / 10000 ** ((column // 2 * 2) / d)
        table[:, column] = torch.cos(angle) if column % 2 else torch.sin(angle)
    return table


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d % n_heads")
        self.out = nn.Linear(d, d, bias=False)
        self.value = nn.Linear(d, d)
        self.key = nn.Linear(d, d, bias=False)
        self.query = nn.Linear(d, d)
        self.num_heads = n_heads

    def forward(self, x):
        size = x.shape[-1] // self.num_heads
        split = lambda t: torch.stack(t.split(size, dim=-1), dim=0)  # (heads, B, N, size)
        v, k, q = split(self.value(x)), split(self.key(x)), split(self.query(x))
        scores = torch.matmul(q, k.transpose(2, 3)) / torch.tensor(size).sqrt()
        heads = torch.matmul(torch.softmax(scores, dim=3), v)
        return self.out(torch.cat(heads.unbind(0), dim=-1))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.parts = nn.ModuleDict(
            {
                "norm_msa": nn.LayerNorm(hidden_d),
                "norm_mlp": nn.LayerNorm(hidden_d),
                "msa": MyMSA(hidden_d, n_heads),
                "linear_in": nn.Linear(hidden_d, int(hidden_d * mlp_ratio)),
                "activation": nn.GELU(),
                "linear_out": nn.Linear(int(hidden_d * mlp_ratio), hidden_d),
            }
        )

    def forward(self, x):
        p = self.parts
        x = x + p["msa"](p["norm_msa"](x))
        y = p["norm_mlp"](x)
        for name in ("linear_in", "activation", "linear_out"):
            y = p[name](y)
        return x + y


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        channels, height, width = tuple(image_dim)[-3:]
        if height % n_patches != 0 or width % n_patches != 0:
            raise ValueError("H, W must be divisible by n_patches")
        self.n_patches = n_patches
        self.n_blocks = n_blocks
        self.classifier = nn.Linear(d, num_classes)
        for i in range(n_blocks):
            self.add_module(f"block_{i}", MyViTBlock(d, n_heads))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.register_parameter("cls", nn.Parameter(torch.zeros(1, 1, d)))
        self.patch_to_token = nn.Linear(channels * height * width // (n_patches * n_patches), d)

    def forward(self, images):
        tokens = self.patch_to_token(patchify(images, self.n_patches))
        B = tokens.shape[0]
        tokens = torch.concat([self.cls.expand(B, 1, -1), tokens], dim=1)
        tokens = tokens + self.positions.unsqueeze(0)
        for i in range(self.n_blocks):
            tokens = getattr(self, f"block_{i}")(tokens)
        return self.classifier(tokens[:, 0])
