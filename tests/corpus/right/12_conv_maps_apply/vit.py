"""Unusual: 1x1 convolutions as linear maps, own softmax, Conv2d patch embedding, table moved in _apply."""
import torch
from torch import nn


def patchify(images, n_patches):
    n, c, height, width = images.shape
    if (height % n_patches, width % n_patches) != (0, 0):
        raise ValueError("height and width must be multiples of n_patches")
    h, w = height // n_patches, width // n_patches
    out = images.new_empty((n, n_patches**2, c * h * w))
    position = 0
    for row in range(0, height, h):
        for column in range(0, width, w):
            out[:, position, :] = images[:, :, row : row + h, column : column + w].reshape(n, -1)
            position += 1
    return out


def get_positional_embeddings(sequence_length, d):
    rows = torch.arange(float(sequence_length), dtype=torch.float64)
    columns = []
    for j in range(d):
        i = j // 2
        f = (torch.sin, torch.cos)[j % 2]
        columns.append(f(rows / 10000 ** (2 * i / d)))
    return torch.stack(columns, dim=1).float()


def softmax(x):
    e = torch.exp(x - x.max(dim=-1, keepdim=True).values)
    return e / e.sum(dim=-1, keepdim=True)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d must be a multiple of n_heads")
        self.n_heads = n_heads
        self.q = nn.Conv1d(d, d, 1)
        self.k = nn.Conv1d(d, d, 1)
        self.v = nn.Conv1d(d, d, 1)
        self.o = nn.Conv1d(d, d, 1)

    def forward(self, x):
        B, N, d = x.shape
        x = x.transpose(1, 2)  # channels first: (B, d, N)
        q = self.q(x).reshape(B, self.n_heads, -1, N)
        k = self.k(x).reshape(B, self.n_heads, -1, N)
        v = self.v(x).reshape(B, self.n_heads, -1, N)
        scale = q.shape[2] ** -0.5
        weights = softmax(q.transpose(2, 3) @ k * scale)  # (B, h, query, key)
        out = v @ weights.transpose(2, 3)  # (B, h, e, query)
        return self.o(out.reshape(B, d, N)).transpose(1, 2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.msa_norm = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp_norm = nn.LayerNorm(hidden_d)
        self.mlp_in = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.mlp_out = nn.Linear(mlp_ratio * hidden_d, hidden_d)
        self.gelu = nn.GELU()

    def forward(self, x):
        y = x + self.msa(self.msa_norm(x))
        return y + self.mlp_out(self.gelu(self.mlp_in(self.mlp_norm(y))))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        c, height, width = image_dim[1:4]
        if height % n_patches or width % n_patches:
            raise ValueError("height and width must be multiples of n_patches")
        patch = (height // n_patches, width // n_patches)
        self.stem = nn.Conv2d(c, d, kernel_size=patch, stride=patch)  # cuts and maps in one go
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.table = get_positional_embeddings(n_patches**2 + 1, d)
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, num_classes)

    def _apply(self, fn, *args, **kwargs):
        super()._apply(fn, *args, **kwargs)
        self.table = fn(self.table)
        return self

    def forward(self, images):
        tokens = self.stem(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls.repeat(tokens.shape[0], 1, 1), tokens], dim=1)
        tokens = tokens + self.table
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(self.norm(tokens[:, 0]))
