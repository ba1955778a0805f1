"""Unusual: every head has its own output map d_head -> d, and the heads are added, not put side by side."""
import torch
from torch import nn


def patchify(images, n_patches):
    if any(side % n_patches for side in images.shape[2:]):
        raise ValueError("every side must divide by n_patches")
    bands = torch.tensor_split(images, n_patches, dim=2)
    return torch.stack([p.flatten(1) for b in bands for p in torch.tensor_split(b, n_patches, dim=3)], dim=1)


def get_positional_embeddings(sequence_length, d):
    import numpy

    table = numpy.zeros((sequence_length, d))
    for j in range(0, d, 2):
        angle = numpy.arange(sequence_length) / 10000 ** (j / d)
        table[:, j] = numpy.sin(angle)
        if j + 1 < d:
            table[:, j + 1] = numpy.cos(angle)
    return torch.from_numpy(table.astype("float32"))


class AttentionHead(nn.Module):
    def __init__(self, d, d_head):
        super().__init__()
        self.to_model = nn.Linear(d_head, d, bias=False)
        self.kqv = nn.ModuleDict({name: nn.Linear(d, d_head) for name in ("key", "query", "value")})
        self.register_buffer("scale", torch.tensor(d_head**-0.5))

    def forward(self, x):
        key, query, value = (self.kqv[name](x) for name in ("key", "query", "value"))
        weights = nn.functional.softmax(self.scale * query @ key.transpose(1, 2), dim=-1)
        return self.to_model(weights @ value)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("the heads must share d evenly")
        self.heads = nn.ModuleList([AttentionHead(d, d // n_heads) for _ in range(n_heads)])
        self.bias = nn.Parameter(torch.zeros(d))

    def forward(self, x):
        return sum((head(x) for head in self.heads), self.bias)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.LayerNorm(hidden_d),
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )
        self.attention = nn.Sequential(nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads))

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.mlp(x)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[1], image_dim[2], image_dim[3]
        if H % n_patches or W % n_patches:
            raise ValueError("every side must divide by n_patches")
        self.n_patches = n_patches
        self.tokenizer = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pe", get_positional_embeddings(n_patches * n_patches + 1, d))
        self.layers = nn.Sequential()
        for i in range(n_blocks):
            self.layers.append(MyViTBlock(d, n_heads))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.tokenizer(patchify(images, self.n_patches))
        # the table has two parts: row 0 for the class token, the others for the patches
        tokens = tokens + self.pe[1:]
        cls = self.cls_token + self.pe[:1]
        x = torch.cat([cls.expand(tokens.shape[0], -1, -1), tokens], dim=1)
        return self.classifier(self.layers(x)[:, 0])
