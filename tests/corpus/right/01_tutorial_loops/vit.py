"""Unusual: attention with small per-head maps and Python loops over sequences and heads."""
import math

import torch
import torch.nn as nn


def patchify(images, n_patches):
    n, c, h, w = images.shape
    if h % n_patches != 0 or w % n_patches != 0:
        raise ValueError("n_patches must divide height and width")
    ph = h // n_patches
    pw = w // n_patches

    patches = torch.empty(n, n_patches * n_patches, c * ph * pw, dtype=images.dtype, device=images.device)
    for idx in range(n):
        for i in range(n_patches):
            for j in range(n_patches):
                piece = images[idx, :, i * ph : (i + 1) * ph, j * pw : (j + 1) * pw]
                patches[idx, i * n_patches + j] = piece.flatten()
    return patches


def get_positional_embeddings(sequence_length, d):
    result = torch.ones(sequence_length, d)
    for i in range(sequence_length):
        for j in range(d):
            if j % 2 == 0:
                result[i][j] = math.sin(i / (10000 ** (j / d)))
            else:
                result[i][j] = math.cos(i / (10000 ** ((j - 1) / d)))
    return result


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"Can't divide dimension {d} into {n_heads} heads")
        self.d = d
        self.n_heads = n_heads
        self.d_head = d // n_heads
        self.q_maps = nn.ModuleList([nn.Linear(self.d_head, self.d_head) for _ in range(n_heads)])
        self.k_maps = nn.ModuleList([nn.Linear(self.d_head, self.d_head) for _ in range(n_heads)])
        self.v_maps = nn.ModuleList([nn.Linear(self.d_head, self.d_head) for _ in range(n_heads)])
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, sequences):
        out = []
        for sequence in sequences:  # (N, d)
            heads = []
            for head in range(self.n_heads):
                part = sequence[:, head * self.d_head : (head + 1) * self.d_head]
                q = self.q_maps[head](part)
                k = self.k_maps[head](part)
                v = self.v_maps[head](part)
                weights = self.softmax(q @ k.T / self.d_head**0.5)
                heads.append(weights @ v)
            out.append(torch.hstack(heads))
        return torch.cat([torch.unsqueeze(r, dim=0) for r in out])


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.hidden_d = hidden_d
        self.norm1 = nn.LayerNorm(hidden_d)
        self.mhsa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )

    def forward(self, x):
        out = x + self.mhsa(self.norm1(x))
        out = out + self.mlp(self.norm2(out))
        return out


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.image_dim = image_dim
        self.n_patches = n_patches
        if image_dim[2] % n_patches != 0 or image_dim[3] % n_patches != 0:
            raise ValueError("image size does not fit the number of patches")
        self.patch_size = (image_dim[2] // n_patches, image_dim[3] // n_patches)
        self.input_d = image_dim[1] * self.patch_size[0] * self.patch_size[1]

        self.linear_mapper = nn.Linear(self.input_d, d)
        self.class_token = nn.Parameter(torch.rand(1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d), persistent=False)
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.linear_mapper(patchify(images, self.n_patches))
        tokens = torch.stack([torch.vstack((self.class_token, tokens[i])) for i in range(len(tokens))])
        out = tokens + self.pos.repeat(images.shape[0], 1, 1)
        for block in self.blocks:
            out = block(out)
        return self.classifier(out[:, 0])
